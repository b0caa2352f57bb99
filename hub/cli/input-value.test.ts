import { expect, test } from "vitest";
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import { readInputValue } from "./input-value.ts";

const level: InputSpec = { type: "float", min: 0, max: 1 };
const channel: InputSpec = { type: "int", min: 0, max: 255 };

test.each<readonly [string, InputSpec, unknown]>([
  ["on", { type: "bool" }, true],
  ["False", { type: "bool" }, false],
  ["1", { type: "bool" }, true],
  ["0.5", level, 0.5],
  [".5", level, 0.5],
  ["1", level, 1],
  ["-3", { type: "int" }, -3],
  ["255", channel, 255],
  ["1e2", channel, 100],
  ["", { type: "text" }, ""],
  ["0x00ff", { type: "bytes" }, new Uint8Array([0, 255])],
])("%j is read as the input wants it", (text, spec, value) => {
  expect(readInputValue(text, spec)).toEqual({ ok: true, value });
});

test.each<readonly [string, InputSpec, string]>([
  ["yes", { type: "bool" }, "on or off"],
  ["__proto__", { type: "bool" }, "on or off"],
  ["1.5", level, "a number from 0 to 1"],
  ["on", level, "a number from 0 to 1"],
  ["Infinity", { type: "float" }, "a number"],
  ["1e999", { type: "float" }, "a number"],
  ["0x10", channel, "a whole number from 0 to 255"],
  ["12.5", channel, "a whole number"],
  ["256", channel, "from 0 to 255"],
  ["-1", { type: "int", min: 0, unit: "Cel" }, "from 0 up (in Cel)"],
  ["0xf", { type: "bytes" }, "hex"],
  ["x".repeat(4097), { type: "text" }, "at most 4096"],
  ["{}", { type: "record" }, "cannot be set by hand"],
])("%j is refused, and the words say what fits", (text, spec, words) => {
  const value = readInputValue(text, spec);

  expect(value.ok ? "" : value.error).toContain(words);
});
