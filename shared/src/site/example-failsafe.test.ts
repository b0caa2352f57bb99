// What the compiler says that should be written is written, and the compiler takes it.

import { expect, test } from "vitest";
import { failed, ok } from "../kernel/result.ts";
import { testModules } from "../testing/module-declarations.ts";
import { builtInModules } from "./built-in-modules.ts";
import { DeclaredModules } from "./catalogue.ts";
import { compileSite } from "./compile-site.ts";

const catalogue = new DeclaredModules([...builtInModules, ...testModules], "0.1.0");

function problemsOf(instance: string, ...lines: readonly string[]) {
  const text = ["nodes:", "  pi:", "    instances:", "      it:", instance, ...lines]
    .map((line, index) => (index < 4 ? line : `        ${line}`))
    .join("\n");
  const read = (path: string) => (path === "site.yaml" ? ok(text) : failed(`there is no file ${path}`));
  const compiled = compileSite({ root: "site.yaml", site: "demo", read }, catalogue);
  return compiled.ok ? [] : compiled.error.problems;
}

const arm = "{ type: float, pin: D9, min: 10, max: 90, pulses: [1000, 2000], stop: 20 }";
test.each([
  ["numbers", "gpio", "inputs: { lamp: { type: float, pwm: 0/0 } }", "failsafe: hold 5s -> fade 3s -> 0"],
  ["what is on or off", "gpio", "inputs: { relay: { pin: 27 } }", "failsafe: hold 5s -> false"],
  [
    "some of each",
    "gpio",
    "inputs: { relay: { pin: 27 }, fan: { pin: 22 }, lamp: { type: float, pwm: 0/0 } }",
    'failsafe: { lamp: hold 5s -> fade 3s -> 0, "*": hold 5s -> false }',
  ],
  [
    "what must not be let go, and what cannot be 0",
    "bridge",
    `path: /dev/ttyACM0, inputs: { lock: { pin: D12, stop: true }, fan: { pin: D13 }, arm: ${arm} }`,
    'failsafe: { fan: hold 5s -> false, arm: hold 5s -> fade 3s -> 20, "*": hold 5s -> true }',
  ],
  [
    "too many of each",
    "gpio",
    `inputs: { ${[1, 2, 3, 4].map((n) => `r${n}: { pin: ${n} }, s${n}: { pin: 1${n}, stop: true }`).join(", ")} }`,
    "failsafe: hold",
  ],
  ["a universe", "dmx", "universe: 1, sacn: {}", "failsafe: hold 5s -> fade 3s -> 0"],
])("the example for %s is right as it stands", (_, module, settings, example) => {
  const instance = [`module: ${module}`, `settings: { ${settings} }`] as const;

  expect(problemsOf(...instance)).toMatchObject([{ hint: `add ${example}` }]);
  expect(problemsOf(...instance, example)).toEqual([]);
});

test("whoever has said something of some is told what to add to it", () => {
  const instance = [
    "module: gpio",
    "settings: { inputs: { relay: { pin: 27 }, lamp: { type: float, pwm: 0/0 } } }",
  ] as const;

  expect(problemsOf(...instance, "failsafe: { lamp: hold }")).toMatchObject([
    { hint: 'add to its failsafe: "*": hold 5s -> false' },
  ]);
  expect(problemsOf(...instance, 'failsafe: { lamp: hold, "*": hold 5s -> false }')).toEqual([]);
});
