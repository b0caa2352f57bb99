// Bundles that may not be installed, and those that are: what is signed is asked on the way in, and never at the start.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { AllowBundles } from "@interactor/agent/src/ports/trust.ts";
import type { SignedManifest } from "@interactor/shared/bundle/signed-module";
import { Fault } from "@interactor/shared/kernel/fault";
import { instanceOf, planOf } from "@interactor/shared/testing/plans";
import { encodePlan, type Target } from "@interactor/shared/wire/messages/plan";
import { emptyFolder } from "../folders.ts";
import { nodeIn, planOfRevision, targetOf } from "./small-node.ts";

const signedAs = { id: "simulated", version: "1.0.0" };
/** What their publisher says of the bundles of all revisions. */
const signed: AllowBundles = async (digests) =>
  new Map(digests.map((digest) => [digest, { ...signedAs, version: versionOf(digest) }]));
const versionOf = (digest: string): string =>
  [1, 2, 3].flatMap((revision) =>
    Object.values(planOfRevision(revision).instances).filter((each) => each.digest === digest),
  )[0]?.version ?? "";
const refusing =
  (code: string): AllowBundles =>
  async () => {
    throw new Fault(code, "not with these keys");
  };

/** What runs in the first revision, with one setting changed. */
function dimmed(revision: number): Target {
  const { instances, ...rest } = planOfRevision(1);
  const plan = encodePlan({
    ...rest,
    instances: { ...instances, dmx: instanceOf({ module: "dmx", settings: { a: 1, b: 0.5 } }) },
  });
  const digest = createHash("sha256").update(plan).digest("hex");
  return targetOf(revision, { plan, digest, bytes: plan.length });
}

/** The bundle of the first revision, given what it had not. */
function given(revision: number): { readonly sim: { readonly digest: string }; readonly target: Target } {
  const { instances, files } = planOfRevision(1);
  const { sim } = instances;
  expect.assert(sim !== undefined);
  const more = { ...sim, grants: { host: ["a.example:443"] }, limits: { memoryMb: 256 } };
  const plan = encodePlan(planOf({ sim: more }, { files }));
  const digest = createHash("sha256").update(plan).digest("hex");
  return { sim, target: targetOf(revision, { plan, digest, bytes: plan.length }) };
}

test("a revision with a bundle that may not be installed is rejected with the code, and what runs goes on", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder, { allow: signed });
  await first.come(targetOf(1));
  first.apply.stop();
  let answer: AllowBundles = refusing("TRUST_SIGNATURE");
  const node = await nodeIn(folder, { allow: (digests, signal) => answer(digests, signal) });

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
    allow: (digests, signal) => {
      asked.push(digests);
      return signed(digests, signal);
    },
  });

  await node.come(targetOf(1));

  expect(asked).toEqual([[planOfRevision(1).instances["sim"]?.digest]]);
});

test("what its publisher never asked for is given to no module, whatever a hub says", async () => {
  const { sim, target } = given(1);
  const asks = { ...signedAs, permissions: [{ kind: "host" as const, names: ["a.example:443"] }] };
  const nodeWith = (manifest: SignedManifest) =>
    nodeIn(emptyFolder(), { allow: async () => new Map([[sim.digest, manifest]]) });

  const node = await nodeWith(asks);
  node.apply.target(target);
  await expect
    .poll(() => node.apply.phase)
    .toMatchObject({
      kind: "rejected",
      code: "VERIFY_FAILED",
      reason: "TRUST_UNASKED: sim would be given 256 MB of memory, which its publisher never asked for",
    });

  const other = await nodeWith({ ...asks, limits: { memoryMb: 256 } });
  await other.come(target);
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

test("what expires or is revoked after it was installed holds up no other change", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder, { allow: signed });
  await first.come(targetOf(1));
  first.apply.stop();
  const asked: (readonly string[])[] = [];
  const node = await nodeIn(folder, {
    allow(digests, signal) {
      asked.push(digests);
      return refusing("TRUST_EXPIRED")(digests, signal);
    },
  });

  await node.come(dimmed(2));
  expect([node.apply.phase.kind, asked]).toEqual(["applied", []]);
  // Also the plan before may come back; a bundle of neither is asked for.
  await node.come(targetOf(1, { revision: 3 }));
  expect([node.apply.phase.kind, asked]).toEqual(["applied", []]);
  node.apply.target(targetOf(2, { revision: 4 }));
  await expect.poll(() => node.apply.phase).toMatchObject({ kind: "rejected", code: "VERIFY_FAILED" });
  expect(asked).toEqual([[planOfRevision(2).instances["sim"]?.digest]]);
});

test("a bundle that is installed and is given more is asked about again, once", async () => {
  const folder = emptyFolder();
  const first = await nodeIn(folder, { allow: signed });
  await first.come(targetOf(1));
  first.apply.stop();
  const { sim, target } = given(2);
  const permissions = [{ kind: "host" as const, names: ["a.example"] }];
  const asks = { ...signedAs, permissions, limits: { memoryMb: 256 } };
  const asked: (readonly string[])[] = [];
  const node = await nodeIn(folder, {
    async allow(digests) {
      asked.push(digests);
      return new Map([[sim.digest, asks]]);
    },
  });

  await node.come(target);
  await node.come({ ...target, revision: 3 });

  expect([node.apply.phase.kind, asked]).toEqual(["applied", [[sim.digest]]]);
});

test.each([
  ["another module", { module: "blink" }, "blink 1.0.0"],
  ["another version", { version: "9.0.0" }, "simulated 9.0.0"],
])(
  "a bundle that a hub plans as %s than it is signed as is refused, also when it runs here",
  async (...given) => {
    const [, named, words] = given;
    const { instances, files } = planOfRevision(1);
    const { sim } = instances;
    expect.assert(sim !== undefined);
    const plan = encodePlan(planOf({ sim: { ...sim, ...named } }, { files }));
    const digest = createHash("sha256").update(plan).digest("hex");
    const target = targetOf(2, { plan, digest, bytes: plan.length });
    const node = await nodeIn(emptyFolder(), { allow: signed });
    await node.come(targetOf(1));

    node.apply.target(target);

    await expect
      .poll(() => node.apply.phase)
      .toMatchObject({
        kind: "rejected",
        code: "VERIFY_FAILED",
        reason: `TRUST_MISNAMED: sim is planned as ${words}, and its publisher signed simulated 1.0.0`,
      });
    expect(node.runs).toBe(1);
  },
);
