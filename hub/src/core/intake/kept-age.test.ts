import { expect, test } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import { noon } from "@interactor/shared/testing/builders";
import { ageOf, type Stamp } from "./kept-age.ts";

const second = 1_000_000;
const stampOf = (wallSeconds: number, uptimeSeconds: number, boot = "a", atSeconds = 0): Stamp => ({
  at: micros(atSeconds * second),
  wall: micros(noon + wallSeconds * second),
  boot,
  uptime: micros(uptimeSeconds * second),
});

test.each([0, 86_400, -86_400])(
  "while the machine runs its uptime tells the age, whatever is done to its clock (a step of %i s)",
  (step) => {
    expect(ageOf(stampOf(0, 100), stampOf(3 + step, 103))).toBe(3000);
  },
);

test("after a restart of the machine the clock tells it, but never less than the machine runs", () => {
  expect(ageOf(stampOf(0, 100), stampOf(60, 20, "b"))).toBe(60_000);
  expect(ageOf(stampOf(0, 100), stampOf(5, 20, "b"))).toBe(20_000);
});

test("nobody knows it when the clock went back meanwhile", () => {
  expect(ageOf(stampOf(0, 100), stampOf(-10, 20, "b"))).toBeUndefined();
});

test("where nothing says which start of the machine it is, the clock tells it, but never less than the hub ran since", () => {
  expect(ageOf(stampOf(0, 0, ""), stampOf(2, 0, ""))).toBe(2000);
  expect(ageOf(stampOf(0, 0, "", 10), stampOf(2, 0, "", 15))).toBe(5000);
});
