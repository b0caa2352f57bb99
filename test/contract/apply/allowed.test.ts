// Bundles that may not be installed, and those that are: what is signed is asked on the way in, and never at the start.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Fault } from "@interactor/shared/kernel/fault";
import { planOf } from "@interactor/shared/testing/plans";
import { encodePlan } from "@interactor/shared/wire/messages/plan";
import { emptyFolder } from "../folders.ts";
import { nodeIn, planOfRevision, targetOf } from "./small-node.ts";

const signed = async (): Promise<ReadonlyMap<string, unknown>> => new Map();
const refusing = (code: string) => async (): Promise<ReadonlyMap<string, unknown>> => {
  throw new Fault(code, "not with these keys");
};

test("a revision with a bundle that may not be installed is rejected with the code, and what runs goes on", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder, { allow: signed });
  await first.come(targetOf(1));
  first.apply.stop();
  let answer = refusing("TRUST_SIGNATURE");
  const node = await nodeIn(folder, { allow: () => answer() });

  node.apply.target(targetOf(2));
  await expect
    .poll(() => node.apply.phase)
    .toMatchObject({
      kind: "rejected",
      code: "VERIFY_FAILED",
      reason: "TRUST_SIGNATURE: not with these keys",
    });
  expect(node.runs).toBe(1);

  // A hub that was cut off, or whose keys were handed on meanwhile: it is asked again by itself.
  answer = signed;
  await node.settled();
  expect([node.runs, node.apply.phase.kind]).toEqual([2, "applied"]);
});

test("what is asked is every bundle once, and nothing of what came with the agent", async () => {
  const asked: (readonly string[])[] = [];
  const node = await nodeIn(emptyFolder(), {
    allow: (digests) => {
      asked.push(digests);
      return signed();
    },
  });

  await node.come(targetOf(1));

  expect(asked).toEqual([[planOfRevision(1).instances["sim"]?.digest]]);
});

test("what its publisher never asked for is given to no module, whatever a hub says", async () => {
  const { instances, files } = planOfRevision(1);
  const { sim } = instances;
  expect.assert(sim !== undefined);
  const given = { ...sim, grants: { host: ["a.example:443"] }, limits: { memoryMb: 256 } };
  const plan = encodePlan(planOf({ sim: given }, { files }));
  const digest = createHash("sha256").update(plan).digest("hex");
  const asks = { permissions: [{ kind: "host", names: ["a.example:443"] }] };
  const nodeWith = (manifest: unknown) =>
    nodeIn(emptyFolder(), { allow: async () => new Map([[sim.digest, manifest]]) });

  const node = await nodeWith(asks);
  node.apply.target(targetOf(1, { plan, digest, bytes: plan.length }));
  await expect
    .poll(() => node.apply.phase)
    .toMatchObject({
      kind: "rejected",
      code: "VERIFY_FAILED",
      reason: "TRUST_UNASKED: sim would be given 256 MB of memory, which its publisher never asked for",
    });

  const other = await nodeWith({ ...asks, limits: { memoryMb: 256 } });
  await other.come(targetOf(1, { plan, digest, bytes: plan.length }));
  expect(other.apply.phase.kind).toBe("applied");
});

test("what is installed starts, whatever the signatures are by then", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder, { allow: signed });
  await first.come(targetOf(1));
  first.apply.stop();

  for (const code of ["TRUST_EXPIRED", "TRUST_NO_ROOT", "TRUST_UNREACHABLE"]) {
    const again = await nodeIn(folder, { allow: refusing(code) });
    expect([again.runs, again.apply.phase.kind]).toEqual([1, "applied"]);
    again.apply.stop();
  }
});
