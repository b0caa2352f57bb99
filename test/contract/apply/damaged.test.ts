// A node whose card damages what it was to run: it says so, and comes to it again when its hub has the bytes.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { emptyFolder } from "../folders.ts";
import { nodeIn, targetOf } from "./small-node.ts";

const contentOf = (folder: string, revision: number): string =>
  join(folder, "content", targetOf(revision).digest);

test("what a revision was taken back to is damaged: the node says so, and fetches it under another number", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder, {
    unwell: (plan) => (plan.instances["sim"]?.version === "2.0.0" ? "sim crashed" : undefined),
  });
  await first.come(targetOf(1));
  await first.come(targetOf(2));
  expect([first.runs, first.apply.phase]).toMatchObject([1, { kind: "rolled-back", code: "UNHEALTHY" }]);
  first.apply.stop();
  writeFileSync(contentOf(folder, 1), "something else");

  const again = await nodeIn(folder, { isUp: false });
  const words = expect.stringContaining("and what ran before it cannot be brought up");
  await expect.poll(() => again.apply.phase).toMatchObject({ kind: "rolled-back", reason: words });
  expect([again.runs, again.apply.runs]).toEqual([undefined, undefined]);

  await again.come(targetOf(1, { revision: 3 }));
  expect([again.runs, again.apply.phase]).toMatchObject([1, { kind: "applied", target: { revision: 3 } }]);
});

test("a damaged plan that is too large for its target, and whose hub is away at first, is fetched again and runs", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder);
  await first.come(targetOf(1));
  first.apply.stop();
  writeFileSync(contentOf(folder, 1), "something else");
  const { plan: _large, ...withoutPlan } = targetOf(1);
  let isAway = true;
  const again = await nodeIn(folder, {
    isUp: false,
    fetching: () => {
      if (isAway) throw new Error("the hub is away");
    },
  });
  await expect.poll(() => again.apply.phase).toMatchObject({ kind: "rolled-back", code: "DAMAGED" });

  again.apply.target(withoutPlan);
  await expect.poll(() => again.apply.phase).toMatchObject({ kind: "rejected", code: "FETCH_FAILED" });
  isAway = false;
  again.clock.advance(seconds(61));
  await again.settled();

  expect([again.runs, again.apply.phase]).toMatchObject([1, { kind: "applied", target: { revision: 1 } }]);
});
