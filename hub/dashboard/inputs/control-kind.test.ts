import type { InputSpec } from "@interactor/shared/wire/messages/port";
import { expect, test } from "vitest";
import { type ControlKind, controlKind, numberFrom } from "./control-kind.ts";

test.each<readonly [InputSpec, ControlKind]>([
  [
    { type: "float", min: 0, max: 100 },
    { kind: "slider", min: 0, max: 100, step: 0.1 },
  ],
  [
    { type: "float", min: 0, max: 1 },
    { kind: "slider", min: 0, max: 1, step: 0.001 },
  ],
  [
    { type: "int", min: 0, max: 255 },
    { kind: "slider", min: 0, max: 255, step: 1 },
  ],
  [
    { type: "int", min: 0 },
    { kind: "number", step: 1 },
  ],
  [
    { type: "float", min: 5, max: 5 },
    { kind: "number", step: undefined },
  ],
  [{ type: "bool", actuator: true }, { kind: "switch" }],
  [{ type: "bool", released: false }, { kind: "switch" }],
  [{ type: "bool" }, { kind: "events" }],
  [{ type: "text" }, { kind: "text" }],
  [{ type: "bytes" }, { kind: "none" }],
  [{ type: "record" }, { kind: "none" }],
])("%o gets %o", (spec, expected) => {
  expect(controlKind(spec)).toEqual(expected);
});

test.each<readonly [string, InputSpec, number | undefined]>([
  ["12.6", { type: "int", min: 0, max: 255 }, 13],
  ["300", { type: "int", min: 0, max: 255 }, 255],
  ["-1", { type: "float", min: 0 }, 0],
  ["0,5", { type: "float" }, 0.5],
  ["1e400", { type: "float" }, undefined],
  [" ", { type: "float" }, undefined],
  ["loud", { type: "float" }, undefined],
])("%j typed into %o is %s", (text, spec, expected) => {
  expect(numberFrom(text, spec)).toBe(expected);
});
