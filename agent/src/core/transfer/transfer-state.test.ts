import { expect, test } from "vitest";
import { type ApplyPhase, transferStates } from "@interactor/shared/wire/messages/reported";
import { transferState } from "./transfer-state.ts";

const way: readonly ApplyPhase[] = [
  "idle",
  "fetching",
  "verifying",
  "preparing",
  "applying",
  "applied",
  "rejected",
];

test("a revision goes through the states in their order, and none is left out", () => {
  expect(way.map(transferState)).toEqual([undefined, ...transferStates]);
});

test.each([
  ["held", "verified"],
  ["probing", "updating"],
  ["going-back", "failed"],
  ["rolled-back", "failed"],
] as const)("one that is %s is %s", (phase, state) => {
  expect(transferState(phase)).toBe(state);
});
