import { expect, test } from "vitest";
import { settings } from "./settings.ts";

function problemsOf(given: object): readonly string[] {
  const parsed = settings.safeParse(given);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const machine = (states: object, more: object = {}) => ({
  inputs: { go: { type: "bool" } },
  outputs: { out: { type: "float" } },
  variables: { count: 0 },
  initial: "a",
  states,
  ...more,
});

test("a machine of one state is one", () => {
  expect(problemsOf({ inputs: {}, initial: "a", states: { a: {} } })).toEqual([]);
});

test("everything that is wrong is said at once, each at its place", () => {
  const wrong = machine(
    {
      a: {
        entry: [{ emit: { ot: 1 } }, { assign: { cout: 1 } }, { emit: { out: "valu" } }],
        on: { gone: "b", go: [{ to: "bb" }, { when: "inputs.gone", to: "b" }] },
        after: { "1s": { when: "variables.cnt > 1", do: [{ emit: { out: 'curve(1, "x")' } }] } },
      },
      b: { states: { c: { always: "d" } } },
      "x y": {},
    },
    { initial: "begin" },
  );

  expect(problemsOf(wrong)).toEqual([
    'initial: there is no state "begin" (there are a, b, x y)',
    'states.a.entry.0.emit.ot: there is no output "ot" (did you mean out?)',
    'states.a.entry.1.assign.cout: there is no variable "cout" (did you mean count?)',
    "states.a.entry.2.emit.out: at 1: Unknown variable: valu (did you mean value?)",
    'states.a.on.gone: there is no input "gone" (did you mean go?)',
    'states.a.on.go.0.to: there is no state "bb" (did you mean b?)',
    'states.a.on.go.1.when: at 1: inputs has no "gone" (did you mean go?)',
    'states.a.after.1s.when: at 1: variables has no "cnt" (did you mean count?)',
    'states.a.after.1s.do.0.emit.out: at 10: "x" is no curve (a gamma above 0, such as 2.2, "s", or points from left to right, such as [[0, 0], [0.5, 0.2], [1, 1]])',
    "states.b: a state with states in it says which is the initial one",
    'states.b.states.c.always.to: there is no state "d" (did you mean a?)',
    'states.x y: "x y" is no name of a state: letters, digits, - and _',
  ]);
});

test.each<readonly [string, object, string]>([
  ["a delay without a unit", { a: { after: { "20": "a" } } }, "states.a.after.20: "],
  [
    "one time in two ways",
    { a: { after: { "60s": "b", "1m": "a" } }, b: {} },
    "states.a.after.1m: 1m is the same time as 60s: write one list under one of them",
  ],
  ["a key nobody knows", { a: { enter: [] } }, 'states.a: "enter" is unknown here (did you mean entry?)'],
  [
    "always without an end",
    { a: { always: "b" }, b: { always: "a" } },
    "states.a.always: it leads back to itself for ever: a → b → a",
  ],
  [
    "always to itself",
    { a: { always: { to: "a" } } },
    "states.a.always: it leads back to itself for ever: a → a",
  ],
  ["an action nobody knows", { a: { entry: [{ send: 1 }] } }, "states.a.entry.0: an action is { emit: "],
  [
    "a transition that is none",
    { a: { on: { go: 5 } } },
    "states.a.on.go: a transition is the name of a state",
  ],
  ["a state that is none", { a: null }, "states.a: a state is a map"],
  ["always to nowhere", { a: { always: {} } }, "states.a.always.0: it leads nowhere"],
])("%s is refused", (_what, states, words) => {
  expect(problemsOf(machine(states))[0]).toContain(words);
});

test("more states than there may be, and deeper than they may be", () => {
  const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`s${index}`, {}]));
  let deep: object = {};
  for (let depth = 0; depth < 9; depth += 1) deep = { initial: "a", states: { a: deep } };

  expect(problemsOf(machine(many, { initial: "s0" }))).toEqual(["states: at most 256 states"]);
  expect(
    problemsOf(machine({ a: deep })).every((words) => words.endsWith("at most 8 states inside each other")),
  ).toBe(true);
  expect(problemsOf(machine({ a: deep })).length).toBeGreaterThan(0);
});

test("a state beside it comes before one of the same name elsewhere; a whole path reaches every one", () => {
  const states = {
    a: { initial: "b", states: { b: { on: { go: "c" } }, c: { on: { go: "c.b" } } } },
    c: { initial: "b", states: { b: {} } },
  };

  expect(problemsOf(machine(states))).toEqual([]);
});
