// A node whose card damages what it was to run: it says so, and comes to it again when its hub has the bytes.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openApplyStore } from "@interactor/agent/src/adapters/apply-store-files/apply-store-files.ts";
import { seconds } from "@interactor/shared/kernel/units";
import { instanceOf } from "@interactor/shared/testing/plans";
import { emptyFolder } from "../folders.ts";
import { revisionBench, targetOf as targetWith } from "./revision-bench.ts";
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

test("of a damaged bundle the instances wait until it was fetched again, and the rest of the node runs", async () => {
  const folder = emptyFolder();
  const quiet = () => undefined;
  const keptIn = () => openApplyStore({ folder, log: { info: quiet, warn: quiet, error: quiet } });
  const bundle = Buffer.from("export const definition = {}");
  const digest = createHash("sha256").update(bundle).digest("hex");
  let isAway = false;
  const files = {
    async *fetch(_digest: string, offset: number) {
      if (isAway) throw new Error("the hub is away");
      yield new Uint8Array(bundle.subarray(offset));
    },
  };
  const plan = {
    instances: { theirs: instanceOf({ module: "lamp", digest }), sim: instanceOf() },
    files: [{ digest, bytes: bundle.length }],
  };
  const kept = await keptIn();
  const first = revisionBench({ kept, files });
  await first.revision.start();
  first.target(targetWith(1, plan));
  await first.live("it is applied", () => first.revision.phase.kind === "applied");
  first.revision.end();
  await expect.poll(() => kept.load()).toMatchObject({ starts: undefined, awaited: undefined });
  writeFileSync(join(folder, "content", digest), "flipped by the card");
  isAway = true;

  const again = revisionBench({ kept: await keptIn(), files });
  await again.revision.start();
  const theirs = (): string | undefined => again.report().instances["theirs"]?.reason;
  await again.until("it is found damaged", () => theirs()?.includes("is damaged on this node's disk"));
  expect([...again.host.running.keys()]).toEqual(["sim"]);
  isAway = false;

  await again.live("it runs again", () => again.host.running.has("theirs"));
  expect(theirs()).toBeUndefined();
  expect(again.revision.phase).toMatchObject({ kind: "applied", target: { revision: 1 } });
});
