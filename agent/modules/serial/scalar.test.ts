import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readScalar } from "./scalar.ts";

test.each(["", "1.2.3", "12abc", "0x10", "NaN", "Infinity", "1e999", "1,5", "--1", ".", "e5", "1 2"])(
  "%j is not a number",
  (text) => {
    expect(readScalar(text, { type: "float" })).toEqual({ kind: "fault", reason: "not-a-number" });
  },
);

test.each(["1.0", "9007199254740993", "99999999999999999999", "1e3", ""])("%j is not an integer", (text) => {
  expect(readScalar(text, { type: "int" })).toEqual({ kind: "fault", reason: "not-an-integer" });
});

test.each([
  ["ON", true],
  ["off", false],
  ["1", true],
  ["0", false],
  ["True", true],
  ["false", false],
])("%j is a bool", (text, value) => {
  expect(readScalar(text, { type: "bool" })).toEqual({ kind: "value", value });
});

test("yes is not a bool", () => {
  expect(readScalar("yes", { type: "bool" })).toEqual({ kind: "fault", reason: "not-a-bool" });
});

test("a number outside its declared range is not given", () => {
  const spec = { type: "float", min: -40, max: 125 } as const;

  expect(readScalar("125", spec)).toEqual({ kind: "value", value: 125 });
  expect(readScalar("850", spec)).toEqual({ kind: "fault", reason: "out-of-range" });
});

test("every finite number reads back as itself", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const expected = number === 0 ? 0 : number;
      expect(readScalar(String(number), { type: "float" })).toEqual({ kind: "value", value: expected });
    }),
  );
});

test("whatever the text, a number that is given is finite", () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("int" as const, "float" as const), (text, type) => {
      const scalar = readScalar(text, { type });
      expect(scalar.kind === "fault" || Number.isFinite(scalar.value)).toBe(true);
    }),
  );
});
