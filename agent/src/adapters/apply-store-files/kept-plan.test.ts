import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import { encodePlan, type Plan } from "@interactor/shared/wire/messages/plan";
import { nothingKept } from "../../ports/apply-store.ts";
import { openApplyStore } from "./apply-store-files.ts";
import { keptPlan } from "./kept-plan.ts";

const settings = { usb: "75834353930351F0D1E2", flash: "uno" };
const panel = { module: "bridge", version: "0.1.0", digest: "", settings, leases: {}, takesSettings: false };
const plan: Plan = { ...emptyPlan, instances: { panel } };

test("what a node is to run is read beside it, the newest record counts, and what is damaged is nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kept-plan-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  expect(await keptPlan(join(folder, "not-there"))).toEqual(emptyPlan);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const store = await openApplyStore({ folder, log });
  const bytes = encodePlan(plan);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const receipt = await store.receive(digest, bytes.length);
  await receipt.add(bytes);
  await receipt.finish();
  for (const [revision, named] of [
    [1, "0".repeat(64)],
    [2, digest],
  ] as const)
    await store.save({ ...nothingKept, current: { revision, digest: named } });

  expect(await keptPlan(folder)).toEqual(plan);

  const file = join(folder, "record-0.cbor");
  const record = await readFile(file);
  await writeFile(file, record.subarray(0, -1));
  expect(await keptPlan(folder)).toEqual(emptyPlan);
});
