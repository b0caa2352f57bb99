import { expect, test } from "vitest";
import { applyRequest, rollbackRequest } from "./api-config.ts";
import { durationMax } from "./limits.ts";

const making = { author: "anna", message: "brighter" };
const isTaken = (rollout: unknown): boolean =>
  applyRequest.safeParse({ root: "site.yaml", files: {}, ...making, rollout }).success &&
  rollbackRequest.safeParse({ ...making, rollout }).success;

test.each(["settle_ms", "probation_ms"])("%s is at most what a timer and a target can carry", (span) => {
  expect(isTaken({ [span]: durationMax })).toBe(true);
  expect(isTaken({ [span]: durationMax + 1 })).toBe(false);
  expect(isTaken({ [span]: 3e9 })).toBe(false);
  expect(isTaken({ [span]: -1 })).toBe(false);
});

test("waves are as many as somebody may wait for", () => {
  const waves = (count: number) => Array.from({ length: count }, () => ({ count: 1 }));

  expect(isTaken({ waves: waves(100) })).toBe(true);
  expect(isTaken({ waves: waves(101) })).toBe(false);
});
