import { describe, expect, test } from "vitest";
import { rememberingOperatorsMax } from "../wire/limits.ts";
import { parseRoutesFile } from "./routes-file.ts";
import { problemLine } from "./yaml-text.ts";

const routeWith = (name: string, more: string): string => `  - name: ${name}
    from: pi/sim/distance
    to: pi/lights/front
${more}`;

const through = (...steps: readonly string[]): string =>
  `routes:\n${routeWith("calm", `    through:\n${steps.map((step) => `      - ${step}\n`).join("")}`)}`;

function read(text: string) {
  const parsed = parseRoutesFile(text);
  return parsed.ok
    ? parsed.value[0]?.through
    : parsed.error.map((problem) => problemLine("f", problem).slice("f:".length));
}

test("each operator is read as it is written, in its order", () => {
  const text = through(
    "when: quality == 0",
    "map: value / 2",
    "throttle: 20ms",
    "debounce: 0.1s",
    "window: { over: 10s, give: avg }",
    "hysteresis: { on: 1.0, off: 1.2 }",
    "hold: 1m",
    "delay: 1.5ms",
  );

  expect(read(text)).toEqual([
    { kind: "when", expression: "quality == 0" },
    { kind: "map", expression: "value / 2" },
    { kind: "throttle", span: 20 },
    { kind: "debounce", span: 100 },
    { kind: "window", span: 10_000, give: "avg" },
    { kind: "hysteresis", on: 1, off: 1.2 },
    { kind: "hold", span: 60_000 },
    { kind: "delay", span: 1.5 },
  ]);
});

test("a list without steps is no list", () => {
  expect(read(`routes:\n${routeWith("calm", "    through: []\n")}`)).toBeUndefined();
});

describe("what is wrong with a step is said where it stands, and what would be right:", () => {
  test.each([
    ["debonce: 1s", '6:9: routes[0].through[0].debonce: "debonce" is unknown here (did you mean debounce?)'],
    [
      "debounce: 100",
      "6:19: routes[0].through[0].debounce: a duration has a unit, such as 50ms, 2s or 1m (with its unit: 100s, or 100ms)",
    ],
    ["debounce: 0ms", "6:19: routes[0].through[0].debounce: at least 1ms"],
    ["delay: 25h", "6:16: routes[0].through[0].delay: at most 24h"],
    ["window: 10s", "6:17: routes[0].through[0].window: a window is { over: 10s, give: avg }"],
    [
      "window: { over: 10s, give: mean }",
      "6:36: routes[0].through[0].window.give: there are avg, min, max, count, rate",
    ],
    [
      "window: { ovr: 1s, over: 1s, give: avg }",
      '6:19: routes[0].through[0].window.ovr: "ovr" is unknown here (did you mean over?)',
    ],
    [
      "hysteresis: { on: 1, off: 1 }",
      "6:21: routes[0].through[0].hysteresis: on and off are two thresholds, and not the same",
    ],
    [
      "hysteresis: { on: 1 }",
      "6:21: routes[0].through[0].hysteresis.off: off is missing: a hysteresis is { on: 1.0, off: 1.2 }",
    ],
    [
      "deadband: -1",
      "6:19: routes[0].through[0].deadband: a deadband is a number above 0: how far a value must be from the last",
    ],
    ["map: valu * 2", "6:14: routes[0].through[0].map: Unknown variable: valu (did you mean value?)"],
    ["hold", "6:9: routes[0].through[0]: a step is one operator, such as `debounce: 100ms`"],
    [
      "{ hold: 1s, delay: 1s }",
      "6:9: routes[0].through[0]: a step is one operator, such as `debounce: 100ms`",
    ],
    ["{}", "6:9: routes[0].through[0]: a step is one operator, such as `debounce: 100ms`"],
  ])("%s", (step, words) => {
    expect(read(through(step))).toEqual([words]);
  });

  test("more steps than there may be", () => {
    expect(read(through(...Array.from({ length: 9 }, () => "hold: 1s")))).toEqual([
      "6:7: routes[0].through: at most 8 steps",
    ]);
  });

  test("a throttle of the route beside other steps", () => {
    const text = `routes:\n${routeWith("calm", "    throttle: 1s\n    through: [{ hold: 1s }]\n")}`;

    expect(read(text)).toEqual([
      "5:5: routes[0].throttle: beside through it is not clear when it takes place (make it a step of through: `- throttle: 50ms`)",
    ]);
  });

  test("more windows and delays in all routes than there is memory for", () => {
    const steps = "    through: [{ delay: 1s }, { window: { over: 1s, give: max } }]\n";
    const count = rememberingOperatorsMax / 2 + 1;

    const text = `routes:\n${Array.from({ length: count }, (_, index) => routeWith(`r${index}`, steps)).join("")}`;

    expect(read(text)).toEqual([
      `${4 * count + 1}:14: routes[${count - 1}].through: more than 1000 windows and delays in all routes, which remember many values`,
    ]);
  });
});

describe("a filter whose sources each have a node of their own has no step in which they would meet:", () => {
  const keyed = (more: string, from = "+/panel/visitor", strategy = "consistent-hash") => `groups:
  lamps: [hall, stairs]
routes:
  - name: badge
    from: "${from}"
    to: { group: lamps, input: dmx/front, strategy: ${strategy} }
${more}`;

  test.each([
    ["    throttle: 50ms\n", "7:15: routes[0].throttle: all outputs of +/panel/visitor share one throttle, "],
    [
      "    through:\n      - map: value\n      - debounce: 1s\n",
      "9:9: routes[0].through[1]: all outputs of +",
    ],
  ])("%j", (more, told) => {
    expect(read(keyed(more))).toEqual([expect.stringContaining(told)]);
    expect(read(keyed(more))).toEqual([expect.stringContaining("(write a route for each output")]);
    expect(parseRoutesFile(keyed(more, "hall/panel/visitor")).ok).toBe(true);
    expect(parseRoutesFile(keyed(more, "+/panel/visitor", "broadcast")).ok).toBe(true);
  });

  test("steps in which each value is by itself are no harm", () => {
    expect(parseRoutesFile(keyed("    through:\n      - delay: 1s\n      - when: value\n")).ok).toBe(true);
  });
});
