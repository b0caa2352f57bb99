import { millis } from "@interactor/shared/kernel/units";
import { expect, test } from "vitest";
import { isUnbegun } from "./kept-order.ts";

const plan = {
  revision: 7,
  digests: { a: "x" },
  waves: [["a"]],
  threshold: { kind: "count", count: 0 },
  settle: millis(0),
} as const;
const order = { plan, probation: millis(500), content: "seven", by: "anna", same: {} };

test.each([
  ["of the newest revision, when nothing had begun", { number: 7, digest: "seven" }, undefined, true],
  ["when the one before it had begun", { number: 7, digest: "seven" }, { rollout: 6 }, true],
  ["when an older hub wrote who stands where", { number: 7, digest: "seven" }, {}, true],
  ["not when it had begun", { number: 7, digest: "seven" }, { rollout: 7 }, false],
  ["not of a revision that never came to the disk", { number: 6, digest: "six" }, { rollout: 6 }, false],
  ["not when another one has got its number", { number: 7, digest: "other" }, { rollout: 6 }, false],
  ["not when there is none", undefined, undefined, false],
])("an order is taken up again %s", (_when, newest, standing, is) => {
  expect(isUnbegun(order, newest, standing)).toBe(is);
});
