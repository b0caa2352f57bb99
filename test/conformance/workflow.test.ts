// The client's workflow, role by role, against a repository of others: each case that the TUF conformance suite has of it.
// What is expected is what that suite looks at: how a command ends, what is believed then, and what was asked for.

import { describe, expect, test } from "vitest";
import { conforming } from "./conforming-client.ts";
import { days, newSigner, SimulatedRepository, topRoles } from "./simulated-repository.ts";

const all = ["root", "targets", "snapshot", "timestamp"] as const;
const upward = ["targets", "snapshot", "timestamp"] as const;
const first = { root: 1, timestamp: 1, snapshot: 1, targets: 1 };

/** A client that has refreshed once. */
async function refreshed(repository = new SimulatedRepository()) {
  const client = await conforming(repository);
  expect(await client.init()).toBe(0);
  expect([await client.refresh(), client.said()]).toEqual([0, ""]);
  return client;
}

describe("a refresh", () => {
  test("asks for each role once, and believes it byte by byte", async () => {
    const { repository, bytesOf } = await refreshed();

    expect(repository.asked).toEqual(["root 2", "timestamp", "snapshot 1", "targets 1"]);
    for (const role of topRoles) expect(bytesOf(role)).toEqual(repository.last(role));
  });

  test("asks again only for what can have changed", async () => {
    const { repository, refresh } = await refreshed();
    repository.asked.length = 0;

    expect(await refresh()).toBe(0);

    expect(repository.asked).toEqual(["root 2", "timestamp"]);
  });

  test("comes before a download, also of what is not there", async () => {
    const { init, download, repository, bytesOf } = await conforming();
    await init();

    expect(await download("nonexistent artifact")).toBe(1);

    expect(repository.asked).toEqual(["root 2", "timestamp", "snapshot 1", "targets 1"]);
    for (const role of topRoles) expect(bytesOf(role)).toEqual(repository.last(role));
  });

  test("keeps a role as it was written, also what nobody signed of it", async () => {
    const repository = new SimulatedRepository();
    const written = Buffer.concat([repository.last("timestamp"), Buffer.from(" ")]);
    repository.published.set("timestamp", [written]);

    const { bytesOf } = await refreshed(repository);

    expect(bytesOf("timestamp")).toEqual(written);
  });

  test("asks for names without numbers where a repository has no consistent snapshots", async () => {
    const repository = new SimulatedRepository();
    repository.root.consistent_snapshot = false;
    repository.addFile("targets", "folder/one", "first");
    repository.publish(...all);
    const { init, download, brought, trusted } = await conforming(repository);
    await init();

    expect(await download("folder/one")).toBe(0);

    expect(repository.asked).toEqual(["root 2", "root 3", "timestamp", "snapshot", "targets"]);
    expect(repository.askedFiles).toEqual(["folder/one"]);
    expect([brought(), trusted()]).toEqual([
      ["first"],
      { ...first, root: 2, timestamp: 2, snapshot: 2, targets: 2 },
    ]);
  });
});

describe("a first root that is none", () => {
  test.each([
    ["lacks its number", (root: string) => root.replace(/"version": 1,?/, "").replace(/,\s*}/, "}")],
    [
      "has another's signature",
      (root: string) => root.replace(/"sig": "[^"]*"/, `"sig": "${"30".repeat(64)}"`),
    ],
    ["is torn", (root: string) => root.slice(0, 500)],
  ])("because it %s: nothing is asked", async (_what, bent) => {
    const { init, refresh, repository, said } = await conforming();
    await init(Buffer.from(bent(repository.last("root").toString())));

    expect(await refresh()).toBe(1);

    expect(repository.asked).toEqual([]);
    expect(said()).toContain("TRUST_NO_ROOT");
  });
});

/** How far a new client comes when one role of the second publication is wrong. */
const reached = {
  root: { root: 1 },
  timestamp: { root: 2 },
  snapshot: { root: 2, timestamp: 2 },
  targets: { root: 2, timestamp: 2, snapshot: 2 },
};

describe("the second publication of a role", () => {
  test.each(topRoles)("%s, without a signature that counts", async (role) => {
    const repository = new SimulatedRepository();
    repository.signedBy(role);
    repository.publish(...all);
    const { init, refresh, trusted } = await conforming(repository);
    await init(repository.published.get("root")?.[0]);

    expect(await refresh()).toBe(1);

    expect(trusted()).toEqual(reached[role]);
  });

  test.each(["root", "snapshot", "targets"] as const)(
    "%s, of another number than its address",
    async (role) => {
      const repository = new SimulatedRepository();
      repository.contentOf(role).version += 1;
      repository.publish(...all);
      const { init, refresh, trusted } = await conforming(repository);
      await init();

      expect(await refresh()).toBe(1);

      expect(trusted()).toEqual(reached[role]);
    },
  );

  test.each(["snapshot", "targets"] as const)(
    "%s, under the number that was asked for, with another in it",
    async (role) => {
      const repository = new SimulatedRepository();
      repository.publish(...all);
      const content = structuredClone(repository.contentOf(role));
      repository.published.get(role)?.pop();
      repository.publishAs(role, { ...content, version: 7 });
      const { init, refresh, trusted } = await conforming(repository);
      await init();

      expect(await refresh()).toBe(1);

      expect(trusted()).toEqual(reached[role]);
    },
  );

  test.each([
    ["timestamp", { ...first }, "timestamp"],
    ["snapshot", { ...first, timestamp: 2 }, "snapshot 2"],
    ["targets", { ...first, timestamp: 2, snapshot: 2 }, "targets 2"],
  ] as const)("%s, that is named and not there", async (role, believed, asked) => {
    const { repository, refresh, trusted } = await refreshed();
    if (role === "timestamp") repository.published.set("timestamp", []);
    if (role === "snapshot") repository.timestamp.meta = { "snapshot.json": { version: 2 } };
    if (role === "targets") {
      repository.snapshot.meta["targets.json"] = { version: 2 };
      repository.publish("snapshot");
    }
    if (role !== "timestamp") repository.publish("timestamp");

    expect(await refresh()).toBe(1);

    expect([repository.asked.at(-1), trusted()]).toEqual([asked, believed]);
  });

  test("timestamp, with other content under the same number: the one that is here stays", async () => {
    const { repository, refresh, document } = await refreshed();
    repository.published.set("timestamp", []);
    repository.publishAs("timestamp", {
      ...repository.timestamp,
      meta: { "snapshot.json": { version: 100 } },
    });

    expect(await refresh()).toBe(0);

    expect(repository.asked.at(-1)).toBe("timestamp");
    expect(document("timestamp").signed.meta["snapshot.json"].version).toBe(1);
  });

  test("a snapshot in the place of a timestamp, signed by whoever signs timestamps", async () => {
    const repository = new SimulatedRepository();
    const { init, refresh, trusted } = await conforming(repository);
    await init();
    const [signer = newSigner()] = repository.signersOf("timestamp");
    repository.addKey("snapshot", signer);
    repository.snapshot.meta = { "snapshot.json": { version: 1 } };
    repository.publish("root");
    repository.publishAs("timestamp", { ...repository.snapshot, version: 2 }, [signer]);

    expect(await refresh()).toBe(1);

    expect(trusted()).toEqual({ root: 2 });
  });

  test("with digests of what is named: those that are right are taken, and others refused", async () => {
    const repository = new SimulatedRepository();
    repository.hasHashes = true;
    repository.publish(...upward);
    const { refresh, trusted } = await refreshed(repository);
    repository.publish("targets");
    Object.assign(repository.snapshot.meta["targets.json"] ?? {}, { hashes: { sha256: "46".repeat(32) } });
    repository.publish("snapshot", "timestamp");

    expect(await refresh()).toBe(1);

    expect(trusted()).toEqual({ root: 1, timestamp: 3, snapshot: 3, targets: 2 });
  });

  test("with fields that nobody knows, in root, in its keys and its roles", async () => {
    const { repository, refresh, trusted } = await refreshed();
    repository.root["custom-field"] = "value";
    repository.addKey("root", newSigner("ed25519", { "extra-field": { a: 1, b: 2 } }));
    Object.assign(repository.root.roles["root"] ?? {}, { "another-field": "value" });
    repository.publish("root");

    expect(await refresh()).toBe(0);

    expect(trusted()).toMatchObject({ root: 2 });
  });

  test("with a key of the old days that says by what its id was made", async () => {
    const { repository, refresh, trusted } = await refreshed();
    repository.nameKeys("snapshot", 1, [newSigner("ed25519", { keyid_hash_algorithms: "md5" })]);
    repository.publish("root", "snapshot", "timestamp");

    expect(await refresh()).toBe(0);

    expect(trusted()).toMatchObject({ root: 2, snapshot: 2 });
  });
});

describe("what has expired", () => {
  test("root: the newer one is kept, and nothing that it vouches for", async () => {
    const { repository, refresh, trusted } = await refreshed();
    repository.publish("root");
    expect(await refresh()).toBe(0);
    repository.expire("root", -1);
    repository.publish("root", "targets", "snapshot", "timestamp");

    expect(await refresh()).toBe(1);

    expect(trusted()).toEqual({ ...first, root: 3 });
  });

  test("root, with a newer one that has not: it is passed through", async () => {
    const { repository, refresh, trusted } = await refreshed();
    repository.expire("root", -1);
    repository.publish("root");
    repository.expire("root", 10);
    repository.publish("root");

    expect(await refresh()).toBe(0);

    expect(trusted()).toMatchObject({ root: 3 });
  });

  test.each([
    ["timestamp", { ...first }],
    ["snapshot", { ...first, timestamp: 2 }],
    ["targets", { ...first, timestamp: 2, snapshot: 2 }],
  ] as const)("%s: it is refused, and what was there stays", async (role, believed) => {
    const { repository, refresh, trusted } = await refreshed();
    repository.expire(role, -5);
    repository.publish(...upward);

    expect(await refresh()).toBe(1);

    expect(trusted()).toEqual(believed);
  });

  test("here: it still leads to what is newer", async () => {
    const repository = new SimulatedRepository();
    repository.expire("timestamp", 7);
    repository.publish("timestamp");
    const { refresh, trusted } = await refreshed(repository);
    repository.expire("timestamp", 21);
    repository.publish(...upward);

    expect(await refresh(Date.now() + 18 * days)).toBe(0);

    expect(trusted()).toEqual({ root: 1, targets: 2, snapshot: 2, timestamp: 3 });
  });

  test("by the clock of the command, and not before", async () => {
    const repository = new SimulatedRepository();
    repository.expire("root", 7);
    repository.publish("root");
    const { refresh, trusted } = await refreshed(repository);

    expect(await refresh(Date.now() + 8 * days)).toBe(1);
    expect(await refresh(Date.now() + 6 * days)).toBe(0);

    expect(trusted()).toEqual({ ...first, root: 2 });
  });

  describe("of somebody who was delegated to", () => {
    async function delegating(expires: number) {
      const repository = new SimulatedRepository();
      const role = repository.delegate("targets", { name: "delegated", paths: ["delegatedpath/*"] });
      role.expires = new Date(Date.now() + expires * days).toISOString().replace(/\.\d+Z$/, "Z");
      for (const name of ["first", "second"]) repository.addFile("delegated", `delegatedpath/${name}`, name);
      repository.publish("delegated", ...upward);
      const client = await conforming(repository);
      await client.init();
      return client;
    }

    test("at first sight: it is not used, and the rest is", async () => {
      const { refresh, download, brought, trusted } = await delegating(-1);

      expect(await refresh()).toBe(0);
      expect(await download("delegatedpath/first")).toBe(1);

      expect(brought()).toEqual([]);
      expect(trusted()).toEqual({ root: 1, snapshot: 2, targets: 2, timestamp: 2 });
    });

    test("since it was used: it is not used again", async () => {
      const { download, brought } = await delegating(7);
      expect(await download("delegatedpath/first")).toBe(0);

      expect(await download("delegatedpath/second", Date.now() + 18 * days)).toBe(1);

      expect(brought()).toEqual(["first"]);
    });

    test("since it was used, with a newer one: that is used", async () => {
      const { download, brought, repository } = await delegating(7);
      expect(await download("delegatedpath/first")).toBe(0);
      repository.targetsOf("delegated").expires = repository.root.expires;
      repository.publish("delegated", "snapshot", "timestamp");

      expect(await download("delegatedpath/second", Date.now() + 18 * days)).toBe(0);

      expect(brought()).toEqual(["first", "second"]);
    });
  });
});

describe("numbers that go back", () => {
  test("of a timestamp", async () => {
    const { repository, refresh, trusted } = await refreshed();
    repository.publish("timestamp");
    expect(await refresh()).toBe(0);
    repository.publishAs("timestamp", { ...repository.timestamp, version: 1 });

    expect(await refresh()).toBe(1);

    expect([trusted()["timestamp"], repository.asked.at(-1)]).toEqual([2, "timestamp"]);
  });

  test("of a snapshot that the timestamp does not name: nobody asks for it", async () => {
    const { repository, refresh, trusted } = await refreshed();
    repository.publish("snapshot", "timestamp");
    expect(await refresh()).toBe(0);
    repository.published.get("snapshot")?.pop();

    expect(await refresh()).toBe(0);

    expect([trusted()["snapshot"], repository.asked.at(-1)]).toEqual([2, "timestamp"]);
  });

  test.each([false, true])("of a snapshot, digests given: %s", async (hasHashes) => {
    const repository = new SimulatedRepository();
    repository.hasHashes = hasHashes;
    repository.publish("snapshot", "timestamp");
    const { refresh, trusted } = await refreshed(repository);
    repository.timestamp.meta = { "snapshot.json": { version: 1 } };
    repository.publish("timestamp");

    expect(await refresh()).toBe(1);

    expect(trusted()).toMatchObject({ timestamp: 2, snapshot: 2 });
    expect(repository.asked.at(-1)).toBe("timestamp");
  });

  test.each([false, true])("of targets, digests given: %s", async (hasHashes) => {
    const repository = new SimulatedRepository();
    repository.hasHashes = hasHashes;
    repository.publish("targets", "targets", "snapshot", "timestamp");
    const { refresh, trusted } = await refreshed(repository);
    repository.snapshot.meta["targets.json"] = { version: 1 };
    repository.publish("snapshot", "timestamp");

    expect(await refresh()).toBe(1);

    expect(trusted()).toMatchObject({ timestamp: 3, snapshot: 2, targets: 3 });
  });

  test("far ahead, of targets, after which the snapshot has another key", async () => {
    const { repository, refresh, trusted } = await refreshed();
    repository.targets.version = 99;
    repository.published.set(
      "targets",
      Array.from({ length: 99 }, () => repository.last("targets")),
    );
    repository.publish(...upward);
    expect(await refresh()).toBe(0);
    expect(trusted()).toMatchObject({ targets: 100 });

    repository.rotate("snapshot");
    repository.publish("root");
    repository.targets.version = 1;
    repository.published.set("targets", [repository.last("targets")]);
    repository.publish(...upward);

    expect(await refresh()).toBe(0);
    expect(trusted()).toMatchObject({ targets: 2 });
  });

  test("far ahead, of a timestamp, after which it has another key", async () => {
    const { repository, refresh, trusted } = await refreshed();
    repository.timestamp.version = 99;
    repository.publish("timestamp");
    expect(await refresh()).toBe(0);

    repository.rotate("timestamp");
    repository.publish("root");
    repository.timestamp.version = 0;
    repository.publish("timestamp");

    expect(await refresh()).toBe(0);
    expect(trusted()).toMatchObject({ timestamp: 1 });
  });

  test("far ahead, of a snapshot, after which both have another key", async () => {
    const { repository, refresh, trusted } = await refreshed();
    const far = 500;
    repository.snapshot.version = far - 1;
    repository.published.set(
      "snapshot",
      Array.from({ length: far - 1 }, () => repository.last("snapshot")),
    );
    repository.publish("snapshot", "timestamp");
    expect(await refresh()).toBe(0);
    expect(trusted()).toMatchObject({ snapshot: far });

    repository.rotate("snapshot");
    repository.rotate("timestamp");
    repository.publish("root");
    repository.snapshot.version = 0;
    repository.published.set("snapshot", []);
    repository.publish("snapshot", "timestamp");

    expect(await refresh()).toBe(0);
    expect(trusted()).toMatchObject({ snapshot: 1 });
  });

  test("of a snapshot that is older than the timestamp says, at first sight", async () => {
    const repository = new SimulatedRepository();
    repository.published.set("snapshot", []);
    repository.publishAs("snapshot", { ...repository.snapshot, version: 2 });
    const { init, refresh, trusted } = await conforming(repository);
    await init();

    expect(await refresh()).toBe(1);

    expect([trusted(), repository.asked.at(-1)]).toEqual([{ root: 1, timestamp: 1 }, "snapshot 1"]);
  });
});
