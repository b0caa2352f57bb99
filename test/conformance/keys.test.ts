// Whose signatures count: kinds of keys, thresholds, keys that are handed on, and signatures that are there twice or wrong.
// Each case that the TUF conformance suite has of it.

import { describe, expect, test } from "vitest";
import { conforming } from "./conforming-client.ts";
import { type KeyKind, newSigner, SimulatedRepository, type Signer } from "./simulated-repository.ts";

const upward = ["targets", "snapshot", "timestamp"] as const;

const others: readonly Signer[] = Array.from({ length: 10 }, () => newSigner());
const chosen = (numbers: readonly number[]): readonly Signer[] =>
  numbers.map((number) => others[number] ?? newSigner());

describe("a key of a kind that TUF names", () => {
  test.each([
    ["ed25519", "ed25519"],
    ["ecdsa", "ecdsa-sha2-nistp256"],
    ["rsa", "rsassa-pss-sha256"],
  ] as const)(
    "%s, %s: its signature counts, and another in its place does not",
    async (kind: KeyKind, scheme) => {
      const repository = new SimulatedRepository();
      const { init, refresh, trusted } = await conforming(repository);
      await init();
      const signer = repository.addKey("root", newSigner(kind));
      expect(signer.key.scheme).toBe(scheme);
      Object.assign(repository.root.roles["root"] ?? {}, { threshold: 2 });
      repository.publish("root");

      expect(await refresh()).toBe(0);
      expect(trusted()).toMatchObject({ root: 2 });

      repository.publish("root");
      const elsewhere = newSigner(kind).sign(Buffer.from("something else"));
      repository.bend("root", ({ signatures }) => {
        for (const each of signatures) if (each.keyid === signer.keyid) each.sig = elsewhere;
      });
      expect(await refresh()).toBe(1);
      expect(trusted()).toMatchObject({ root: 2 });
    },
  );

  test.each(["ecdsa", "rsa"] as const)("%s: also for every role below root", async (kind) => {
    const repository = new SimulatedRepository();
    for (const role of upward) repository.nameKeys(role, 1, [newSigner(kind)]);
    repository.publish("root", ...upward);
    const { init, refresh, trusted } = await conforming(repository);
    await init();

    expect(await refresh()).toBe(0);

    expect(trusted()).toEqual({ root: 2, timestamp: 2, snapshot: 2, targets: 2 });
  });
});

describe("a threshold", () => {
  test("of three: two signatures are too few", async () => {
    const repository = new SimulatedRepository();
    repository.nameKeys("snapshot", 3, chosen([0, 1, 2]));
    repository.publish("root", ...upward);
    const { init, refresh, trusted } = await conforming(repository);
    await init();
    expect(await refresh()).toBe(0);
    repository.signedBy("snapshot", ...chosen([0, 1]));
    repository.publish(...upward);

    expect(await refresh()).toBe(1);

    expect(trusted()).toEqual({ root: 2, timestamp: 3, snapshot: 2, targets: 2 });
  });

  test("of more than there are keys: nothing reaches it", async () => {
    const repository = new SimulatedRepository();
    repository.nameKeys("snapshot", 6, chosen([0, 1, 2, 3, 4]));
    repository.publish("root", "snapshot", "timestamp");
    const { init, refresh, trusted } = await conforming(repository);
    await init();

    expect(await refresh()).toBe(1);

    expect(trusted()).toEqual({ root: 2, timestamp: 2 });
  });

  test("is not reached by one key that is named nine times and signs as often", async () => {
    const repository = new SimulatedRepository();
    const { init, refresh, trusted } = await conforming(repository);
    await init();
    const signer = newSigner();
    repository.nameKeys("snapshot", 6, [...repository.signersOf("snapshot"), ...Array(9).fill(signer)]);
    repository.publish("root", "snapshot", "timestamp");

    expect(await refresh()).toBe(1);

    expect(trusted()).not.toHaveProperty("snapshot");
  });

  test("of delegated targets is not reached by one key under two ids", async () => {
    const repository = new SimulatedRepository();
    repository.delegate("targets", { name: "A", threshold: 2 });
    repository.addFile("A", "one", "first");
    const [signer = newSigner()] = repository.signersOf("A");
    const twin = { ...signer, keyid: "twin" };
    repository.signedBy("A", signer, twin);
    const { keys = {}, roles: [role] = [] } = repository.targets.delegations ?? {};
    keys[twin.keyid] = twin.key;
    role?.keyids.push(twin.keyid);
    repository.publish("A", ...upward);
    const { init, download, brought } = await conforming(repository);
    await init();

    expect(await download("one")).toBe(1);

    expect(brought()).toEqual([]);
  });

  test("is not reached by one key under nine ids", async () => {
    const repository = new SimulatedRepository();
    const { init, refresh, trusted } = await conforming(repository);
    await init();
    const signer = newSigner();
    const again = Array.from({ length: 9 }, (_, index) => ({
      ...signer,
      keyid: `${index}${signer.keyid.slice(1)}`,
    }));
    repository.nameKeys("snapshot", 6, again);
    repository.publish("root", "snapshot", "timestamp");

    expect(await refresh()).toBe(1);

    expect(trusted()).not.toHaveProperty("snapshot");
  });
});

describe("a signature", () => {
  test("that is there twice makes the role none", async () => {
    const repository = new SimulatedRepository();
    const { init, refresh, trusted } = await conforming(repository);
    await init();
    repository.bend("snapshot", ({ signatures }) => signatures.push(...signatures.slice(0, 1)));

    expect(await refresh()).toBe(1);

    expect(trusted()).not.toHaveProperty("snapshot");
  });

  test.each([
    ["of other bytes", (sig: string) => sig.replace(/^..../, "0000")],
    ["that is empty", () => ""],
    ["that is no hexadecimal number", () => "not a signature"],
  ])("%s beside one that is right does no harm", async (_what, bent) => {
    const repository = new SimulatedRepository();
    const { init, refresh, trusted } = await conforming(repository);
    await init();
    const [former = newSigner()] = repository.signersOf("timestamp");
    repository.addKey("timestamp");
    repository.publish("root", "timestamp");
    repository.bend("timestamp", ({ signatures }) => {
      for (const each of signatures) if (each.keyid === former.keyid) each.sig = bent(each.sig);
    });

    expect(await refresh()).toBe(0);

    expect(trusted()).toMatchObject({ root: 2, timestamp: 2 });
  });
});

interface Version {
  readonly keys: readonly number[];
  readonly threshold: number;
  readonly by: readonly number[];
}

const v = (keys: readonly number[], threshold: number, by: readonly number[]): Version => ({
  keys,
  threshold,
  by,
});
const five = [0, 1, 2, 3, 4];
const fiveLater = [0, 1, 3, 4, 5];

describe("roots, each in turn", () => {
  const taken: readonly (readonly [string, readonly Version[]])[] = [
    ["one key hands on to another", [v([1], 1, [1]), v([2], 1, [2, 1]), v([2], 1, [2])]],
    [
      "with signatures that nobody asked for",
      [v([1], 1, [3, 1, 4]), v([2], 1, [3, 2, 1, 4]), v([2], 1, [3, 2, 4])],
    ],
    [
      "three of five, each time others",
      [v(five, 3, [0, 2, 4]), v(five, 3, [0, 4, 1]), v(five, 3, [0, 1, 3]), v(five, 3, [0, 1, 3])],
    ],
    ["three of five, of which one is another", [v(five, 3, [0, 2, 4]), v(fiveLater, 3, [0, 4, 1])]],
    [
      "three of five, of which one is another, by way of both",
      [v(five, 3, [0, 2, 4]), v(fiveLater, 3, [0, 2, 4, 5]), v(fiveLater, 3, [0, 4, 5])],
    ],
    [
      "three of five, of which all are others, by way of both",
      [v(five, 3, [0, 2, 4]), v([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]), v([5, 6, 7, 8, 9], 3, [5, 6, 7])],
    ],
    ["one of three becomes two of three", [v([1, 2, 3], 1, [1]), v([1, 2, 3], 2, [1, 2])]],
    [
      "two of three becomes one of three",
      [v([1, 2, 3], 2, [1, 2]), v([1, 2, 3], 1, [1, 2]), v([1, 2, 3], 1, [1])],
    ],
    ["one becomes two of two", [v([1], 1, [1]), v([1, 2], 2, [1, 2])]],
  ];
  const refused: readonly (readonly [string, readonly Version[]])[] = [
    ["without the old key", [v([1], 1, [1]), v([2], 1, [2, 3, 4])]],
    ["without the new key", [v([1], 1, [1]), v([2], 1, [1, 3, 4])]],
    ["without three of the new ones", [v(five, 3, [0, 2, 4]), v(fiveLater, 3, [0, 2, 4])]],
    ["without three of the old ones", [v(five, 3, [0, 2, 4]), v(fiveLater, 3, [0, 4, 5])]],
    ["by as many as it took before", [v([1, 2, 3], 1, [1]), v([1, 2, 3], 2, [2])]],
    ["by as many as it will take", [v([1, 2, 3], 2, [1, 2]), v([1, 2, 3], 1, [1])]],
  ];

  async function played(versions: readonly Version[]) {
    const repository = new SimulatedRepository();
    repository.published.set("root", []);
    for (const [index, { keys, threshold, by }] of versions.entries()) {
      repository.nameKeys("root", threshold, chosen(keys));
      repository.root.version = index + 1;
      repository.publishAs("root", repository.root, chosen(by));
    }
    const client = await conforming(repository);
    await client.init();
    return { ...client, root: (number: number) => repository.published.get("root")?.at(number) };
  }

  test.each(taken)("%s: the last is believed", async (_what, versions) => {
    const { refresh, bytesOf, root } = await played(versions);

    expect(await refresh()).toBe(0);

    expect(bytesOf("root")).toEqual(root(-1));
  });

  test.each(refused)("%s: the one before it stays", async (_what, versions) => {
    const { refresh, bytesOf, root } = await played(versions);

    expect(await refresh()).toBe(1);

    expect(bytesOf("root")).toEqual(root(-2));
  });
});

describe.each(upward)("%s, when root names others for it", (role) => {
  const cases: readonly (readonly [string, Version, boolean])[] = [
    ["one key instead of another", v([2], 1, [2]), true],
    ["with signatures that nobody asked for", v([1], 1, [3, 1, 4]), true],
    ["without the new key", v([2], 1, [1, 3, 4]), false],
    ["three of five, one of them signed by nobody who may", v(fiveLater, 3, [0, 2, 4]), false],
    ["three of five, signed by two", v(fiveLater, 3, [0, 4]), false],
    ["three of five: 0, 2, 4", v(five, 3, [0, 2, 4]), true],
    ["three of five: 0, 4, 1", v(five, 3, [0, 4, 1]), true],
    ["three of five: 0, 1, 3", v(five, 3, [0, 1, 3]), true],
    ["three of five: 1, 2, 3", v(five, 3, [1, 2, 3]), true],
    ["three of five: 2, 3, 4", v(five, 3, [2, 3, 4]), true],
  ];

  test.each(cases)("%s", async (_what, { keys, threshold, by }, isTaken) => {
    const repository = new SimulatedRepository();
    const { init, refresh, bytesOf, trusted } = await conforming(repository);
    await init();
    expect(await refresh()).toBe(0);
    repository.nameKeys(role, threshold, chosen(keys));
    repository.signedBy(role, ...chosen(by));
    repository.publish("root", ...upward);

    expect(await refresh()).toBe(isTaken ? 0 : 1);

    if (isTaken) expect(bytesOf(role)).toEqual(repository.last(role));
    else expect(trusted()).toMatchObject({ root: 2, [role]: 1 });
  });
});
