// A node whose card damages what it was to run: it says so, and comes to it again when its hub has the bytes.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openApplyStore } from "@interactor/agent/src/adapters/apply-store-files/apply-store-files.ts";
import type { InstanceSpec } from "@interactor/agent/src/ports/module-host.ts";
import { messageOf } from "@interactor/shared/kernel/fault";
import { seconds } from "@interactor/shared/kernel/units";
import { instanceOf } from "@interactor/shared/testing/plans";
import type { Plan } from "@interactor/shared/wire/messages/plan";
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

/** A node with an instance of a bundle and one of its own; its hub has the bundle as long as it is not away. */
function nodeWithBundle() {
  const folder = emptyFolder();
  const quiet = () => undefined;
  const keptIn = () => openApplyStore({ folder, log: { info: quiet, warn: quiet, error: quiet } });
  const bundle = Buffer.from("export const definition = {}");
  const digest = createHash("sha256").update(bundle).digest("hex");
  const hub = { isAway: false, asked: 0, answers: Promise.resolve() };
  const files = {
    async *fetch(_digest: string, offset: number) {
      hub.asked += 1;
      await hub.answers;
      if (hub.isAway) throw new Error("the hub is away");
      yield new Uint8Array(bundle.subarray(offset));
    },
  };
  const planWith = (settings: Plan["instances"][string]["settings"]) => ({
    instances: { theirs: instanceOf({ module: "lamp", digest, settings }), sim: instanceOf() },
    files: [{ digest, bytes: bundle.length }],
  });
  const damage = (): void => writeFileSync(join(folder, "content", digest), "flipped by the card");
  return { keptIn, hub, files, planWith, damage };
}

const wholeness = (spec: InstanceSpec | undefined): Promise<string> | undefined =>
  spec?.whole?.().then(() => "whole", messageOf);

test("of a damaged bundle the instances can start when it was fetched again, and the rest of the node runs", async () => {
  const { keptIn, hub, files, planWith, damage } = nodeWithBundle();
  const kept = await keptIn();
  const first = revisionBench({ kept, files });
  await first.revision.start();
  first.target(targetWith(1, planWith({})));
  await first.live("it is applied", () => first.revision.phase.kind === "applied");
  first.revision.end();
  await expect.poll(() => kept.load()).toMatchObject({ starts: undefined, awaited: undefined });
  damage();
  hub.isAway = true;

  const again = revisionBench({ kept: await keptIn(), files });
  await again.revision.start();
  const theirs = await again.until("both are started", () => again.host.running.get("theirs"));
  expect([...again.host.running.keys()]).toContain("sim");
  await expect.poll(() => wholeness(theirs)).toContain("could not be fetched again");
  hub.isAway = false;
  again.clock.advance(seconds(10));

  await expect.poll(() => wholeness(theirs)).toBe("whole");
  expect(again.revision.phase).toMatchObject({ kind: "applied", target: { revision: 1 } });
});

test("a bundle that is damaged while a revision is looked at makes it wait, and is no veto", async () => {
  const { keptIn, files, planWith, damage } = nodeWithBundle();
  const key = Promise.withResolvers<string>();
  const node = revisionBench({ kept: await keptIn(), files, secrets: { KEY: key.promise } });
  await node.revision.start();
  node.host.verdicts.prepare.set("theirs", "its bundle is damaged");
  node.target(targetWith(1, planWith({ key: { $secret: ["<", { env: "KEY" }, ">"] } })));
  await node.until("it is looked at", () => node.revision.phase.kind === "preparing");

  damage();
  key.resolve("abc");
  await node.until("it waits", () => node.revision.phase.kind === "rejected");
  expect(node.revision.phase).toMatchObject({
    again: expect.anything(),
    reason: expect.stringContaining("damaged on this node's disk"),
  });
  node.host.verdicts.prepare.clear();

  await node.live("it is applied", () => node.revision.phase.kind === "applied");
});

test("a revision that comes while a bundle of it is fetched again waits for that, and does not fetch it too", async () => {
  const { keptIn, hub, files, planWith, damage } = nodeWithBundle();
  const node = revisionBench({ kept: await keptIn(), files });
  await node.revision.start();
  node.target(targetWith(1, planWith({})));
  await node.live("it is applied", () => node.revision.phase.kind === "applied");
  const answer = Promise.withResolvers<void>();
  hub.answers = answer.promise;
  damage();
  expect(await wholeness(node.host.running.get("theirs"))).toContain("damaged on this node's disk");
  await node.until("the hub is asked", () => hub.asked === 2);

  node.target(targetWith(2, planWith({ a: 2 })));
  await node.until("it is fetched", () => node.revision.phase.kind === "fetching");
  answer.resolve();
  await node.live("it is applied", () => node.revision.runs?.revision === 2);

  expect(hub.asked).toBe(2);
  expect(await wholeness(node.host.running.get("theirs"))).toBe("whole");
});
