import type { Value } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import type { OscArgument } from "./codec.ts";
import { argumentsOf, readValue } from "./read-argument.ts";

const i = (value: number): OscArgument => ({ tag: "i", value });
const f = (value: number): OscArgument => ({ tag: "f", value });
const read = (
  type: "bool" | "int" | "float" | "text" | "bytes" | "record",
  ...given: readonly OscArgument[]
) => {
  const value = readValue({ address: "/a", arguments: given }, { address: "/a", type });
  return value.ok ? value.value : value.error;
};

test.each([
  ["bool", f(1), true],
  ["bool", i(0), false],
  ["bool", { tag: "T", value: true }, true],
  ["bool", { tag: "I", value: null }, true],
  ["bool", { tag: "N", value: null }, "wrong-type"],
  ["bool", { tag: "s", value: "on" }, "wrong-type"],
  ["int", f(3), 3],
  ["int", f(3.5), "wrong-type"],
  ["int", { tag: "h", value: 2 ** 60 }, "wrong-type"],
  ["float", i(-2), -2],
  ["float", f(-0), 0],
  ["float", f(Number.NaN), "wrong-type"],
  ["float", f(Infinity), "wrong-type"],
  ["text", { tag: "S", value: "Bühne" }, "Bühne"],
  ["text", i(1), "wrong-type"],
  ["bytes", { tag: "b", value: Uint8Array.of(1, 2) }, Uint8Array.of(1, 2)],
] as const)("as a %s %j is %j", (type, argument, value) => {
  expect(read(type, argument)).toEqual(value);
});

test("a record is all arguments; a number that is none spoils it", () => {
  expect(read("record", f(0.5), { tag: "s", value: "x" }, { tag: "N", value: null })).toEqual([
    0.5,
    "x",
    null,
  ]);
  expect(read("record")).toEqual([]);
  expect(read("record", f(Number.NaN))).toBe("wrong-type");
});

test("an output names its argument, and its range", () => {
  const message = { address: "/xy", arguments: [f(0.25), f(7)] };

  expect(readValue(message, { address: "/xy", type: "float", argument: 2 })).toEqual({ ok: true, value: 7 });
  expect(readValue(message, { address: "/xy", type: "float", argument: 2, max: 1 })).toMatchObject({
    error: "out-of-range",
  });
  expect(readValue(message, { address: "/xy", type: "float", argument: 3 })).toMatchObject({
    error: "no-such-argument",
  });
});

test.each<readonly [words: string, given: readonly OscArgument[], value: true | undefined]>([
  ["nothing", [], true],
  ["a text", [{ tag: "s", value: "show" }], true],
  ["1", [f(1)], true],
  ["a bang", [{ tag: "I", value: null }], true],
  ["0", [i(0)], undefined],
  ["0.0", [f(0)], undefined],
  ["F", [{ tag: "F", value: false }], undefined],
])("where the message itself is what happened, one with %s is a press or none", (_, given, value) => {
  const message = { address: "/go", arguments: given };

  expect(readValue(message, { address: "/go", type: "bool", argument: "none" })).toEqual({ ok: true, value });
});

test.each([
  [0.5, { type: "float" }, { tag: "f", value: 0.5 }],
  [0.6, { type: "float", tag: "i" }, { tag: "i", value: 1 }],
  [1e300, { type: "float" }, undefined],
  [1e300, { type: "float", tag: "d" }, { tag: "d", value: 1e300 }],
  [2 ** 31, { type: "int" }, undefined],
  [2 ** 31, { type: "int", tag: "h" }, { tag: "h", value: 2 ** 31 }],
  [true, { type: "bool" }, { tag: "T", value: true }],
  [false, { type: "bool" }, { tag: "F", value: false }],
  [true, { type: "bool", tag: "f" }, { tag: "f", value: 1 }],
  ["go", { type: "text" }, { tag: "s", value: "go" }],
  ["a\0b", { type: "text" }, undefined],
  [3, { type: "text" }, undefined],
] as const)("%j for %j is sent as %j", (value, input, argument) => {
  expect(argumentsOf(value, { address: "/a", ...input })).toEqual(
    argument === undefined ? "does-not-fit" : [argument],
  );
});

test("without an argument, true is the address alone and false is nothing", () => {
  const sent = (value: Value) => argumentsOf(value, { address: "/a", type: "bool", argument: "none" });

  expect([sent(true), sent(false), sent(1)]).toEqual([[], "nothing", "does-not-fit"]);
});
