// A revision that is applied on real files while the power goes at every single write: the node always comes back with
// the old revision or the new one, whole, takes the new one when the hub names it again, and the next one after it.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyFolder } from "../folders.ts";
import { RecordedDisk, remains } from "./recorded-disk.ts";
import { nodeIn, planOfRevision, targetOf } from "./small-node.ts";

async function recorded(given: Parameters<typeof nodeIn>[1] = {}) {
  const folder = emptyFolder();
  const first = await nodeIn(folder);
  await first.come(targetOf(1));
  const record = new RecordedDisk(folder);
  const node = await nodeIn(folder, { ...given, disk: record.disk });
  const { plan: _, ...large } = targetOf(2);
  await node.come(large);
  return { record, node };
}

test.each(remains)(
  "a power cut at every operation of an apply leaves the old or the new one (%s)",
  async (left) => {
    const { record, node } = await recorded();
    expect(node.apply.phase).toMatchObject({ kind: "applied", target: { revision: 2 } });
    expect(record.operations.length).toBeGreaterThan(15);
    const found = new Set<number | undefined>();

    for (let cut = 0; cut <= record.operations.length; cut += 1) {
      const folder = emptyFolder();
      record.cutAfter(cut, left, folder);
      const again = await nodeIn(folder);
      found.add(again.runs);
      expect([cut, [1, 2].includes(again.runs ?? 0)]).toEqual([cut, true]);
      expect(again.apply.phase).toMatchObject({ kind: "applied", target: { revision: again.runs } });

      await again.come(targetOf(2));
      expect([cut, again.runs, again.apply.phase.kind]).toEqual([cut, 2, "applied"]);
      await again.come(targetOf(3));
      expect([cut, again.runs, again.apply.phase.kind]).toEqual([cut, 3, "applied"]);
      again.apply.stop();
    }

    expect(found).toEqual(new Set([1, 2]));
  },
);

test.each(remains)("and at every operation of one that goes back (%s)", async (left) => {
  const isBad = (plan: { readonly instances: Readonly<Record<string, { readonly version: string }>> }) =>
    plan.instances["sim"]?.version === "2.0.0" ? "sim crashed" : undefined;
  const { record, node } = await recorded({ unwell: isBad });
  expect(node.apply.phase).toMatchObject({ kind: "rolled-back", code: "UNHEALTHY", reason: "sim crashed" });
  expect(node.runs).toBe(1);

  for (let cut = 0; cut <= record.operations.length; cut += 1) {
    const folder = emptyFolder();
    record.cutAfter(cut, left, folder);
    const again = await nodeIn(folder, { unwell: isBad });

    // It was tried once more, and taken back, or never begun.
    expect([cut, again.runs]).toEqual([cut, 1]);
    await again.come(targetOf(2));
    expect(again.apply.phase).toMatchObject({ kind: "rolled-back", reason: "sim crashed" });
    await again.come(targetOf(3));
    expect([cut, again.runs, again.apply.phase.kind]).toEqual([cut, 3, "applied"]);
    again.apply.stop();
  }
});

test("what is not needed any more is removed: two revisions stay, and what they name", async () => {
  const folder = emptyFolder();
  const node = await nodeIn(folder);
  for (const revision of [1, 2, 3]) await node.come(targetOf(revision));

  const wanted = [2, 3].flatMap((revision) => [
    targetOf(revision).digest,
    ...planOfRevision(revision).files.map(({ digest }) => digest),
  ]);
  expect(readdirSync(join(folder, "content")).toSorted()).toEqual(wanted.toSorted());
});
