// What somebody can try who sits on the hub, on the line, or holds some of its keys: each is refused with its code, and
// what was believed before is believed after it.

import { createHash } from "node:crypto";
import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AgentTrust } from "@interactor/agent/src/agent-trust.ts";
import { encodeAssignment } from "@interactor/shared/bundle/assignment";
import { emptyFolder } from "../folders.ts";
import { days, newSigner, SmallRepository } from "./small-repository.ts";
import { answerOf, codeOf, install, look, trustOf } from "./trusting-node.ts";

const blink = "modules/acme/blink-1.0.0.js";
const content = Buffer.from("blink ".repeat(5000));

/** Two publishers, a bundle of one of them. */
function published(): SmallRepository {
  const repository = new SmallRepository();
  repository.addPublisher("acme", ["modules/acme/*"]);
  repository.addPublisher("assign", ["assign/*"]);
  repository.addFile(blink, content, { by: "acme" });
  repository.publish();
  return repository;
}

/** The same with something newer in it. */
function newer(repository: SmallRepository): SmallRepository {
  const later = repository.clone();
  later.publisher("acme").version += 1;
  later.addFile("modules/acme/blink-1.0.1.js", Buffer.from("newer"), { by: "acme" });
  later.publish();
  return later;
}

const isBundle = (path: string): boolean => path.startsWith("targets/");
const flipped = (bytes: Buffer): Buffer[] => {
  const copy = Buffer.from(bytes);
  const middle = Math.floor(copy.length / 2);
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return [copy];
};
const another = (bytes: Buffer): Buffer[] => [
  Buffer.from(bytes.toString().replace('"expires":"2', '"expires":"3')),
];
const half = (bytes: Buffer): Buffer[] => [bytes.subarray(0, bytes.length / 2)];
function* endless(): Iterable<Uint8Array> {
  for (;;) yield Buffer.alloc(4096, 32);
}

test("what its publisher signed is installed", async () => {
  expect(await install({ folder: emptyFolder(), repository: published() }, blink)).toBe(content.toString());
});

describe("bytes that are bent on the way", () => {
  test.each([
    ["a bundle, flipped", isBundle, flipped, "TRUST_MISMATCH"],
    ["a bundle, truncated", isBundle, half, "TRUST_MISMATCH"],
    ["a bundle, endless", isBundle, endless, "TRUST_TOO_LONG"],
    ...(["timestamp", "1.snapshot", "2.snapshot", "2.targets", "1.acme"] as const).flatMap((role) => {
      const isRole = (path: string): boolean => path === `metadata/${role}.json`;
      const first = role === "timestamp";
      if (role === "1.snapshot") return [];
      return [
        [`${role}, another date`, isRole, another, first ? "TRUST_SIGNATURE" : "TRUST_MISMATCH"] as const,
        [`${role}, truncated`, isRole, half, first ? "TRUST_MALFORMED" : "TRUST_MISMATCH"] as const,
        [`${role}, endless`, isRole, endless, "TRUST_TOO_LONG"] as const,
      ];
    }),
  ] as const)("%s", async (_what, isBent, bend, code) => {
    let times = 0;
    const answer = await install(
      {
        folder: emptyFolder(),
        repository: published(),
        bend(path, bytes) {
          if (!isBent(path) || bytes === undefined) return undefined;
          times += 1;
          return bend(bytes);
        },
      },
      blink,
    );

    expect([answer, times]).toEqual([code, 1]);
  });

  test("a timestamp in which any one bit is another", async () => {
    const repository = published();
    const whole = repository.file("metadata/timestamp.json");
    const { signed } = JSON.parse(whole.toString());
    const answers = new Set<string>();
    for (let at = 0; at < whole.length; at += 1) {
      const bent = Buffer.from(whole);
      bent[at] = (bent[at] ?? 0) ^ (1 << (at % 7));
      repository.files.set("metadata/timestamp.json", bent);
      const answer = await answerOf({ folder: emptyFolder(), repository });
      answers.add(answer);
      // A signature's digits may be written large or small: what it signs is the same.
      if (answer === "believed") expect(JSON.parse(bent.toString()).signed).toEqual(signed);
    }

    expect([...answers].toSorted()).toEqual(["TRUST_MALFORMED", "TRUST_SIGNATURE", "believed"]);
  });

  test("a new root, endless", async () => {
    const repository = published();
    const bend = (path: string) => (path === "metadata/2.root.json" ? endless() : undefined);

    expect(await answerOf({ folder: emptyFolder(), repository, bend })).toBe("TRUST_TOO_LONG");
  });

  test("a snapshot, endless, of which stolen keys have signed that it may be", async () => {
    const repository = published();
    repository.snapshotBytes = 2 ** 50;
    repository.publish({ roles: ["snapshot", "timestamp"] });
    let given = 0;
    function* counted(): Iterable<Uint8Array> {
      // Who takes this much takes all.
      for (; given < 64 * 1024 * 1024; given += 65_536) yield Buffer.alloc(65_536, 32);
    }
    const bend = (path: string) => (path.endsWith(".snapshot.json") ? counted() : undefined);

    expect(await answerOf({ folder: emptyFolder(), repository, bend })).toBe("TRUST_TOO_LONG");
    expect(given).toBeLessThan(3_000_000);
  });

  test("an assignment of which stolen keys have signed that it is long", async () => {
    const repository = published();
    repository.addFile("assign/pi-01.json", Buffer.alloc(1_000_000, 32), { by: "assign" });
    repository.publishByHub("assign");
    let asked = 0;
    const bend = (path: string): undefined => void (asked += isBundle(path) ? 1 : 0);
    const node = new AgentTrust("pi-01", await trustOf({ folder: emptyFolder(), repository, bend }));

    expect(await node.allow([], AbortSignal.timeout(60_000)).then(() => "allowed", codeOf)).toBe(
      "TRUST_TOO_LONG",
    );
    expect(asked).toBe(0);
  });

  test("a hub that is cut off", async () => {
    function* cut(): Iterable<Uint8Array> {
      yield Buffer.from("{");
      throw new Error("the link is lost");
    }
    const bend = (path: string) => (path === "metadata/timestamp.json" ? cut() : undefined);

    expect(await answerOf({ folder: emptyFolder(), repository: published(), bend })).toBe(
      "TRUST_UNREACHABLE",
    );
  });
});

describe("keys that may not", () => {
  test.each(["timestamp", "snapshot", "targets"] as const)("%s signed by an unknown one", async (role) => {
    const repository = published();
    repository.publish({ by: { [role]: [newSigner()] } });

    expect(await answerOf({ folder: emptyFolder(), repository })).toBe("TRUST_SIGNATURE");
  });

  test("the hub's keys are stolen: no module can be added, by whichever role they sign", async () => {
    const repository = published();
    const stolen = [...repository.keys.snapshot, ...repository.keys.timestamp];
    repository.addFile("modules/acme/evil.js", Buffer.from("evil"), { by: "assign" });
    repository.publisher("assign").version += 1;
    repository.publish();
    // `assign` may speak of assignments only, whatever it says.
    expect(await install({ folder: emptyFolder(), repository }, "modules/acme/evil.js")).toBe(
      "nobody signed it",
    );

    repository.addFile("evil.js", Buffer.from("evil"));
    repository.publish({ by: { targets: stolen } });
    expect(await install({ folder: emptyFolder(), repository }, "evil.js")).toBe("TRUST_SIGNATURE");
  });

  test.each(["assign/*", "assign/*.json"])(
    "the hub's keys are stolen: what it may assign by (%s) is no code",
    async (pattern) => {
      for (const path of ["assign/evil-1.0.0.js", "assign/evil-1.0.0.json", "assign/acme/evil-1.0.0.js"]) {
        const repository = published();
        repository.publisher("assign").paths = [pattern];
        repository.publish();
        const evil = Buffer.from("evil");
        const digest = createHash("sha256").update(evil).digest("hex");
        const modules = [{ path, digest, bytes: evil.length }];
        const assignment = Buffer.from(encodeAssignment({ v: 1, node: "pi-01", modules }));
        repository.addFile(path, evil, {
          by: "assign",
          custom: { manifest: { id: "evil", version: "1.0.0" } },
        });
        repository.addFile("assign/pi-01.json", assignment, { by: "assign" });
        repository.publishByHub("assign");
        const node = new AgentTrust("pi-01", await trustOf({ folder: emptyFolder(), repository }));

        const answer = await node.allow([digest], AbortSignal.timeout(60_000)).then(() => "allowed", codeOf);

        expect([path, answer]).toEqual([path, "TRUST_UNKNOWN_FILE"]);
      }
    },
  );

  test("one publisher in the name of another", async () => {
    const repository = published();
    repository.addPublisher("other", ["modules/other/*"]);
    repository.addFile("modules/acme/evil.js", Buffer.from("evil"), { by: "other" });
    repository.publish();

    expect(await install({ folder: emptyFolder(), repository }, "modules/acme/evil.js")).toBe(
      "nobody signed it",
    );
  });

  test("a publisher's key that was revoked", async () => {
    const folder = emptyFolder();
    const repository = published();
    expect(await install({ folder, repository }, blink)).toBe(content.toString());
    const revoked = repository.publisher("acme").signer;
    repository.addPublisher("acme", ["modules/acme/*"]);
    repository.publisher("acme").version = 2;
    repository.publish();
    expect(await install({ folder, repository }, blink)).toBe("nobody signed it");

    // Whoever has it signs on, with the hub's own keys to help.
    repository.publisher("acme").version = 3;
    repository.publisher("acme").signedBy = revoked;
    repository.addFile("modules/acme/evil.js", Buffer.from("evil"), { by: "acme" });
    repository.publish();

    expect(await install({ folder, repository }, "modules/acme/evil.js")).toBe("TRUST_SIGNATURE");
  });

  test("the targets key, after root has named another", async () => {
    const repository = published();
    const revoked = repository.keys.targets;
    repository.keys.targets = [newSigner()];
    repository.publishRoot();
    repository.publish({ by: { targets: revoked } });

    expect(await answerOf({ folder: emptyFolder(), repository })).toBe("TRUST_SIGNATURE");

    repository.publish();
    expect(await answerOf({ folder: emptyFolder(), repository })).toBe("believed");
  });

  test("root signed by one of the two that it takes", async () => {
    const folder = emptyFolder();
    const repository = published();
    const [stolen, ...others] = repository.keys.root;
    repository.keys.root = [newSigner(), newSigner(), newSigner()];
    repository.publishRoot([...(stolen === undefined ? [] : [stolen]), ...repository.keys.root]);

    expect(others).toHaveLength(2);
    expect(await answerOf({ folder, repository })).toBe("TRUST_SIGNATURE");
  });
});

describe("what is older than what was believed", () => {
  const replays = [
    ["timestamp", ["timestamp"]],
    ["snapshot", ["timestamp"]],
    ["targets", ["snapshot", "timestamp"]],
  ] as const;

  /** The newest of some roles, over the old ones of the rest. */
  function replay(role: "timestamp" | "snapshot" | "targets"): {
    old: SmallRepository;
    now: SmallRepository;
  } {
    const old = published();
    const now = newer(old);
    const bent = old.clone();
    if (role !== "timestamp") bent.versions.timestamp = now.versions.timestamp;
    if (role === "targets") bent.versions.snapshot = now.versions.snapshot;
    const again = replays.find(([each]) => each === role)?.[1] ?? [];
    if (role !== "timestamp") bent.publish({ roles: again });
    return { old: bent, now };
  }

  test.each(replays)("an older %s", async (role) => {
    const folder = emptyFolder();
    const { old, now } = replay(role);
    expect(await answerOf({ folder, repository: now })).toBe("believed");

    expect(await answerOf({ folder, repository: old })).toBe("TRUST_ROLLBACK");

    // What the stolen key has numbered is passed by.
    now.publish();
    now.publish();
    expect(await answerOf({ folder, repository: now })).toBe("believed");
  });

  test.each(replays)(
    "an older %s, when the metadata is deleted and one slot of the floor torn",
    async (role) => {
      for (const slot of ["floor-0", "floor-1"]) {
        const folder = emptyFolder();
        const { old, now } = replay(role);
        expect(await answerOf({ folder, repository: now })).toBe("believed");
        for (const name of readdirSync(folder)) if (name.endsWith(".json")) rmSync(join(folder, name));
        truncateSync(join(folder, slot), 9);

        expect(await answerOf({ folder, repository: old })).toBe("TRUST_ROLLBACK");

        expect(await answerOf({ folder, repository: now })).toBe("believed");
      }
    },
  );

  test("a publisher's older word, when the metadata is deleted", async () => {
    const folder = emptyFolder();
    const now = newer(published());
    await answerOf({ folder, repository: now });
    for (const name of readdirSync(folder)) if (name.endsWith(".json")) rmSync(join(folder, name));
    now.publisher("acme").version = 1;
    now.publish();

    expect(await answerOf({ folder, repository: now })).toBe("TRUST_ROLLBACK");
  });

  test("a publisher that is not named any more is a hole, also when the metadata is deleted", async () => {
    const folder = emptyFolder();
    const repository = published();
    await answerOf({ folder, repository });
    for (const name of readdirSync(folder)) if (name.endsWith(".json")) rmSync(join(folder, name));
    delete repository.publishers["acme"];
    repository.publish();

    expect(await answerOf({ folder, repository })).toBe("TRUST_ROLLBACK");
  });

  test("an older root, when the last one is torn", async () => {
    const folder = emptyFolder();
    const old = published();
    const now = old.clone();
    now.publishRoot();
    now.publish();
    expect(await answerOf({ folder, repository: now })).toBe("believed");
    truncateSync(join(folder, "root.json"), 500);

    expect(await answerOf({ folder, repository: old })).toBe("TRUST_ROLLBACK");

    expect(await answerOf({ folder, repository: now })).toBe("believed");
  });

  test("roles that do not belong together", async () => {
    const repository = newer(published());
    repository.files.set("metadata/3.targets.json", repository.file("metadata/2.targets.json"));
    expect(await answerOf({ folder: emptyFolder(), repository })).toBe("TRUST_MISMATCH");

    const other = newer(published());
    other.files.set("metadata/3.snapshot.json", other.file("metadata/2.snapshot.json"));
    expect(await answerOf({ folder: emptyFolder(), repository: other })).toBe("TRUST_MISMATCH");
  });

  test("after a fast-forward by stolen keys the node comes back when root names others", async () => {
    const folder = emptyFolder();
    const repository = published();
    const good = repository.clone();
    Object.assign(repository.versions, { timestamp: 1_000_000, snapshot: 1_000_000 });
    repository.issued = repository.now + 3650 * days;
    repository.publish({ roles: ["snapshot", "timestamp"] });
    expect(await answerOf({ folder, repository, time: { wall: 0, isSynchronised: false } })).toBe("believed");
    expect(await answerOf({ folder, repository: newer(good) })).not.toBe("believed");

    const healed = newer(good);
    Object.assign(healed.keys, { timestamp: [newSigner()], snapshot: [newSigner()] });
    healed.publishRoot();
    healed.publish();

    expect(await answerOf({ folder, repository: healed })).toBe("believed");
    // The numbers begin anew from there, and count from there.
    expect(await answerOf({ folder, repository: newer(healed) })).toBe("believed");
    expect(await answerOf({ folder, repository: healed })).toBe("TRUST_ROLLBACK");
  });
});

describe("time", () => {
  test.each(["root", "timestamp", "snapshot", "targets"] as const)(
    "an expired %s, by a clock that is right",
    async (role) => {
      const repository = published();
      repository.spans[role] = -days;
      if (role === "root") repository.publishRoot();
      repository.publish();

      expect(await answerOf({ folder: emptyFolder(), repository })).toBe("TRUST_EXPIRED");
    },
  );

  test("a publisher's word that has expired, and nobody else's", async () => {
    const folder = emptyFolder();
    const repository = published();
    repository.addPublisher("other", ["modules/other/*"]);
    repository.addFile("modules/other/x.js", Buffer.from("other"), { by: "other" });
    repository.publish();
    expect(await install({ folder, repository }, blink)).toBe(content.toString());
    repository.publisher("acme").version += 1;
    repository.publisher("acme").expires = repository.now - days;
    repository.publish();

    for (const where of [folder, emptyFolder()]) {
      expect(await install({ folder: where, repository }, blink)).toBe("TRUST_EXPIRED");
      expect(await install({ folder: where, repository }, "modules/other/x.js")).toBe("other");
    }
    // What he signs anew is believed, until that has expired for a clock that is right.
    repository.publisher("acme").version += 1;
    repository.publisher("acme").expires = repository.now + days;
    repository.publish();
    expect(await install({ folder, repository }, blink)).toBe(content.toString());
    const later = { wall: repository.now + 2 * days, isSynchronised: true };
    expect(await install({ folder, repository, time: later }, blink)).toBe("TRUST_EXPIRED");
    expect(await install({ folder, repository, time: { ...later, isSynchronised: false } }, blink)).toBe(
      content.toString(),
    );
  });

  test.each([
    ["1970", 0],
    ["ten years from now", Date.now() + 3650 * days],
  ])("a clock that is not synchronised and shows %s judges nothing", async (_when, wall) => {
    const folder = emptyFolder();
    const repository = published();
    const time = { wall, isSynchronised: false };

    expect(await install({ folder, repository, time }, blink)).toBe(content.toString());

    expect(await answerOf({ folder, repository: newer(repository), time })).toBe("believed");
  });

  test("what had expired when the agent was built is refused where nobody knows the time", async () => {
    const repository = published();
    const builtAt = repository.now + 10 * days;
    const judged = (isSynchronised: boolean, wall: number): Promise<string> =>
      answerOf({ folder: emptyFolder(), repository, builtAt, time: { wall, isSynchronised } });

    expect(await judged(false, 0)).toBe("TRUST_EXPIRED");
    expect(await judged(false, repository.now)).toBe("TRUST_EXPIRED");
    // Whoever built it may have had the wrong time; a clock that is synchronised has the right one.
    expect(await judged(true, repository.now)).toBe("believed");
  });

  test("a hub that was ten years ahead for a moment is forgotten by the first clock that is right", async () => {
    const folder = emptyFolder();
    const repository = published();
    const unknown = { wall: 0, isSynchronised: false };
    repository.now += 3650 * days;
    repository.publish({ roles: ["snapshot", "timestamp"] });
    await answerOf({ folder, repository, time: unknown });
    repository.now -= 3650 * days;
    repository.publish();
    expect(await answerOf({ folder, repository, time: unknown })).toBe("TRUST_EXPIRED");

    expect(await answerOf({ folder, repository })).toBe("believed");

    // Also after the next boot, before the time is known again.
    expect(await answerOf({ folder, repository, time: unknown })).toBe("believed");
  });

  test("what had expired when the hub signed last is refused after it, whatever the clock shows", async () => {
    const folder = emptyFolder();
    const repository = published();
    const later = newer(repository);
    later.now += 30 * days;
    later.publish();
    const time = { wall: 0, isSynchronised: false };
    expect(await answerOf({ folder, repository: later, time })).toBe("believed");

    later.spans.timestamp = -10 * days;
    later.publish({ roles: ["timestamp"] });

    expect(await answerOf({ folder, repository: later, time })).toBe("TRUST_EXPIRED");
  });

  test("a stolen key cannot put the time ahead of a clock that is right", async () => {
    const folder = emptyFolder();
    const repository = published();
    repository.issued = repository.now + 3650 * days;
    repository.publish();
    expect(await answerOf({ folder, repository })).toBe("believed");

    expect(await answerOf({ folder, repository: newer(repository) })).toBe("believed");
  });
});

describe("what a node finds on its own disk", () => {
  test.each(["root.json", "timestamp.json", "snapshot.json", "targets.json", "acme.json"])(
    "a torn %s is made whole",
    async (name) => {
      const folder = emptyFolder();
      const repository = published();
      await install({ folder, repository }, blink);

      for (const bytes of ["", "{", '{"signed":{"_type":"root"}}']) {
        writeFileSync(join(folder, name), bytes);
        expect(await install({ folder, repository }, blink)).toBe(content.toString());
      }
    },
  );

  test("both slots torn: the metadata remembers", async () => {
    const folder = emptyFolder();
    const old = published();
    await answerOf({ folder, repository: newer(old) });
    for (const slot of ["floor-0", "floor-1"]) writeFileSync(join(folder, slot), "nothing");

    expect(await answerOf({ folder, repository: old })).toBe("TRUST_ROLLBACK");
  });

  test("a node that is given another root begins anew, and believes nothing of the one before", async () => {
    const folder = emptyFolder();
    const trial = published();
    trial.isDevelopment = true;
    trial.publishRoot();
    trial.publish();
    const first = trial.file("metadata/2.root.json");
    expect(await install({ folder, repository: trial, pinnedRoot: first }, blink)).toBe(content.toString());
    const real = new SmallRepository();
    real.addPublisher("other", ["modules/other/*"]);
    real.addFile("modules/other/x.js", Buffer.from("real"), { by: "other" });
    real.publish();

    expect(await install({ folder, repository: real }, "modules/other/x.js")).toBe("real");
    await using believed = await look({ folder, repository: real });
    expect(believed.isDevelopment).toBe(false);
    // Whoever has the development key signs on.
    trial.publish();
    const { firstRoot: pinnedRoot } = real;
    expect(await install({ folder, repository: trial, pinnedRoot }, blink)).not.toBe(content.toString());
    expect(
      readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .toSorted(),
    ).toEqual(["other.json", "root.json", "snapshot.json", "targets.json", "timestamp.json"]);
    expect(await answerOf({ folder, repository: real })).toBe("believed");
  });

  test("a root for trying things out is left behind also by a node that did not note what it was given", async () => {
    const folder = emptyFolder();
    const trial = published();
    trial.isDevelopment = true;
    trial.publishRoot();
    trial.publish();
    await answerOf({ folder, repository: trial, pinnedRoot: trial.file("metadata/2.root.json") });
    for (const slot of ["floor-0", "floor-1"]) rmSync(join(folder, slot));

    expect(await answerOf({ folder, repository: published() })).toBe("believed");
  });

  test("what is put in the place of the root and is none changes nothing", async () => {
    const folder = emptyFolder();
    const old = published();
    const repository = newer(old);
    await answerOf({ folder, repository });

    for (const pinnedRoot of [
      "",
      "{}",
      repository.firstRoot.toString().replaceAll(/"sig":"..../g, '"sig":"0000'),
    ])
      expect(await answerOf({ folder, repository, pinnedRoot: Buffer.from(pinnedRoot) })).toBe("believed");
    expect(await answerOf({ folder, repository: old })).toBe("TRUST_ROLLBACK");
  });

  test("a pinned root that is none", async () => {
    const pinnedRoot = Buffer.from("{}");

    expect(await answerOf({ folder: emptyFolder(), repository: published(), pinnedRoot })).toBe(
      "TRUST_NO_ROOT",
    );
  });

  test("another root than the pinned one", async () => {
    const pinnedRoot = new SmallRepository().firstRoot;

    expect(await answerOf({ folder: emptyFolder(), repository: published(), pinnedRoot })).toBe(
      "TRUST_SIGNATURE",
    );
  });
});

test("a development root is known as one", async () => {
  const repository = published();
  await using believed = await look({ folder: emptyFolder(), repository });

  expect(believed.isDevelopment).toBe(false);
});
