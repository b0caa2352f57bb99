// A node that applies, on real files: what it fetches, what it touches, and what it makes of disks and links that fail.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyFolder, fillDisk, isRoot, mountedFolder } from "../folders.ts";
import { nodeIn, planOfRevision, targetOf } from "./small-node.ts";

const bundleOf = (revision: number): string => planOfRevision(revision).files[0]?.digest ?? "";

test("only what changes is touched, and the same revision again touches nothing", async () => {
  const node = await nodeIn(emptyFolder());
  await node.come(targetOf(1));
  await node.come(targetOf(2));

  expect(node.changes.map(({ instances }) => instances)).toEqual([
    { dmx: "start", sim: "start" },
    { dmx: "untouched", sim: "restart" },
  ]);
  await node.come(targetOf(2));
  expect(node.changes).toHaveLength(2);
});

test("after a restart everything is started once, from disk, and nothing is fetched", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder);
  await first.come(targetOf(1));

  const fetched: string[] = [];
  const again = await nodeIn(folder, { fetching: (digest) => void fetched.push(digest) });
  await again.come(targetOf(1));

  expect(again.changes.map(({ instances }) => instances)).toEqual([{ dmx: "start", sim: "start" }]);
  expect(fetched).toEqual([]);
});

test("a file whose link is lost half-way is fetched on from there", async () => {
  const places: number[] = [];
  const node = await nodeIn(emptyFolder(), {
    fetching(_digest, at) {
      places.push(at);
      if (at === 2000 && places.filter((each) => each === 2000).length === 1)
        throw new Error("the hub is away");
    },
  });

  await node.come(targetOf(1));

  expect(node.apply.phase).toMatchObject({ kind: "applied" });
  expect(places).toEqual([0, 1000, 2000, 2000]);
});

test("a veto leaves everything as it is, with its words", async () => {
  const node = await nodeIn(emptyFolder(), {
    veto: (plan) => (plan.instances["sim"]?.version === "2.0.0" ? "dmx: universe 9 is not there" : undefined),
  });
  await node.come(targetOf(1));

  await node.come(targetOf(2));

  expect(node.apply.phase).toMatchObject({
    kind: "rejected",
    code: "VETO",
    reason: "dmx: universe 9 is not there",
  });
  expect([node.runs, node.changes.length]).toEqual([1, 1]);
  await node.come(targetOf(3));
  expect(node.runs).toBe(3);
});

test("a file that does not have the bytes of its digest is never used, and is fetched again", async () => {
  const folder = emptyFolder();
  const node = await nodeIn(folder);
  await node.come(targetOf(1));
  writeFileSync(join(folder, "content", bundleOf(2)), "something else");

  await node.come(targetOf(2));

  expect(node.runs).toBe(2);
  expect(readFileSync(join(folder, "content", bundleOf(2))).length).toBe(3000);
});

test("a plan that is damaged on disk leads back to the one before, also at the start", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder);
  await first.come(targetOf(1));
  await first.come(targetOf(2));
  writeFileSync(join(folder, "content", targetOf(2).digest), "something else");

  const again = await nodeIn(folder);
  await expect.poll(() => again.apply.phase).toMatchObject({ kind: "rolled-back", code: "DAMAGED" });

  expect(again.runs).toBe(1);
  await again.come(targetOf(3));
  expect(again.runs).toBe(3);
});

test("a record that is damaged is set aside, and the one before it counts", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder);
  await first.come(targetOf(1));
  await first.come(targetOf(2));
  // Written in turn: whichever of the two it is, the other one knows revision 2 as well.
  writeFileSync(join(folder, "record-0.cbor"), "not what it was");

  const again = await nodeIn(folder);

  expect(again.runs).toBe(2);
  expect(again.log.join()).toContain("the record of what this node runs is damaged");
  expect(readdirSync(folder).some((name) => name.includes(".broken-"))).toBe(true);
});

test.skipIf(!isRoot)(
  "on a full disk the old revision goes on, and the new one comes when there is space",
  async () => {
    const folder = mountedFolder(64);
    const ballast = join(folder, "ballast");
    const node = await nodeIn(folder);
    await node.come(targetOf(1));
    fillDisk(ballast);

    node.apply.target(targetOf(2));
    await expect.poll(() => node.apply.phase).toMatchObject({ kind: "rejected", code: "DISK_FULL" });
    expect(node.runs).toBe(1);

    rmSync(ballast);
    await node.settled();
    expect([node.runs, node.apply.phase]).toMatchObject([2, { kind: "applied" }]);
  },
);
