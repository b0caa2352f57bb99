import { millis, seconds } from "@interactor/shared/sdk/define-module";
import { startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { definition } from "./module.ts";

/** What a room does: idle, attract, interactive with two parts, cool-down. */
const room = {
  inputs: { visitor: { type: "bool" }, button: { type: "bool" }, level: { type: "float" } },
  outputs: { light: { type: "float" }, visits: { type: "int" } },
  variables: { visits: 0 },
  initial: "idle",
  states: {
    idle: { entry: [{ emit: { light: 0.1 } }], on: { visitor: { when: "value", to: "attract" } } },
    attract: {
      entry: [{ emit: { light: "0.4" } }],
      on: { button: { when: "value", to: "interactive" } },
      after: { "20s": "idle" },
    },
    interactive: {
      initial: "asking",
      entry: [{ assign: { visits: "variables.visits + 1" } }, { emit: { visits: "variables.visits" } }],
      exit: [{ emit: { light: "0" } }],
      after: { "1m": "cool-down" },
      on: { visitor: { when: "!value", to: "cool-down" } },
      states: {
        asking: { after: { "500ms": "playing" } },
        playing: { on: { level: { do: [{ emit: { light: "clamp(value, 0, 1)" } }] } } },
      },
    },
    "cool-down": { after: { "5s": [{ when: "inputs.visitor == true", to: "attract" }, { to: "idle" }] } },
  },
};

async function started(settings: object = room) {
  const clock = new VirtualClock();
  const bench = await startOnBench(definition, settings, { clock, name: "room" });
  let seen = 0;
  return {
    clock,
    bench,
    apply: bench.apply,
    /** What was emitted since the last look, as `output=value`. */
    said: () => {
      const since = bench.emitted
        .slice(seen)
        .map(({ output, value }) => `${output}=${JSON.stringify(value)}`);
      seen = bench.emitted.length;
      return since;
    },
  };
}

/** A machine of these states that one input, `go`, moves. */
const machine = (states: object, more: object = {}) => ({
  inputs: { go: { type: "float" } },
  outputs: { out: { type: "float" }, word: { type: "text" } },
  initial: "a",
  states,
  ...more,
});

test("it begins in its initial state and says so", async () => {
  const { said, bench } = await started();

  expect(said()).toEqual(["failures=0", 'state="idle"', "light=0.1"]);
  expect(bench.states).toEqual(["running"]);
});

test("a visit leads through its states, with what they do on the way", async () => {
  const { said, apply, clock } = await started();
  said();

  apply("visitor", true);
  expect(said()).toEqual(['state="attract"', "light=0.4"]);
  apply("button", true);
  expect(said()).toEqual(['state="interactive.asking"', "visits=1"]);
  apply("level", 7);
  expect(said()).toEqual([]);
  clock.advance(millis(500));
  expect(said()).toEqual(['state="interactive.playing"']);
  apply("level", 7);
  expect(said()).toEqual(["light=1"]);
  apply("visitor", false);
  expect(said()).toEqual(['state="cool-down"', "light=0"]);
  clock.advance(seconds(5));
  expect(said()).toEqual(['state="idle"', "light=0.1"]);
});

test("what a state waits for ends with the state, also that of the one around it", async () => {
  const { said, apply, clock } = await started();
  apply("visitor", true);
  clock.advance(seconds(19));
  apply("button", true);
  clock.advance(seconds(2));
  expect(said().at(-1)).toBe('state="interactive.playing"');

  clock.advance(seconds(58));
  expect(said()).toEqual(['state="cool-down"', "light=0"]);
  clock.advance(seconds(5));
  expect(said()).toEqual(['state="attract"', "light=0.4"]);
});

test("a state that leads to itself begins anew, one without a target stays as it is", async () => {
  const { said, apply, clock } = await started(
    machine({
      a: {
        entry: [{ emit: { out: 1 } }],
        on: { go: [{ when: "value > 5", to: "a" }, { do: [{ emit: { out: "value" } }] }] },
        after: { "1s": "b" },
      },
      b: {},
    }),
  );
  said();

  clock.advance(millis(900));
  apply("go", 3);
  clock.advance(millis(99));
  apply("go", 9);
  expect(said()).toEqual(["out=3", "out=1"]);
  clock.advance(millis(999));
  expect(said()).toEqual([]);
  clock.advance(millis(1));
  expect(said()).toEqual(['state="b"']);
});

test("always leads on at once, by the first condition that holds", async () => {
  const { said, apply } = await started(
    machine({
      a: { on: { go: "choose" } },
      choose: { always: [{ when: "inputs.go > 1", to: "high" }, { to: "a" }] },
      high: {},
    }),
  );
  said();

  apply("go", 1);
  expect(said()).toEqual([]);
  apply("go", 2);
  expect(said()).toEqual(['state="high"']);
});

describe("what fails is counted and told, and the machine goes on:", () => {
  test.each<readonly [string, object, string]>([
    ["a condition that is no truth", { when: "value", to: "b" }, "the condition of a is not true or false"],
    ["a condition that does not fit", { when: "value.x == 1", to: "b" }, "the condition of a: "],
    [
      "what is to be said",
      { do: [{ emit: { out: "1 / (value - value)" } }] },
      "out in a: the result is not a number",
    ],
    ["a value of another type", { do: [{ emit: { out: "'x'" } }] }, 'out in a: output "out" is float'],
    ["a variable", { do: [{ assign: { count: "value / 0" } }] }, "count in a: "],
  ])("%s", async (_what, transition, words) => {
    const { said, apply, bench } = await started(
      machine({ a: { on: { go: transition } }, b: {} }, { variables: { count: 0 } }),
    );
    said();

    for (const value of [1, 2]) apply("go", value);

    expect(said()).toEqual(["failures=1", "failures=2"]);
    expect(bench.logged).toHaveLength(1);
    expect(bench.logged[0]).toContain(words);
  });

  test("transitions that lead on and on", async () => {
    const { said, apply, bench } = await started(
      machine({
        a: { on: { go: "b" } },
        b: { always: { when: "inputs.go > 0", to: "c" } },
        c: { always: { when: "inputs.go > 0", to: "b" } },
      }),
    );
    said();

    apply("go", 1);
    expect(said()).toEqual(["failures=1"]);
    expect(bench.logged).toEqual([
      "warn more than 100 transitions follow each other without waiting; it stays a",
    ]);
    apply("go", 0);
    expect(said()).toEqual(['state="b"']);
  });
});

const roundAndRound = {
  b: { always: { when: "inputs.go != 0", to: "c" } },
  c: { always: { when: "inputs.go != 0", to: "b" } },
};

test("one that cannot enter the state it begins in does not start, and says why", async () => {
  const states = {
    b: { always: { when: "variables.spins", to: "c" } },
    c: { always: { when: "variables.spins", to: "b" } },
  };
  const begun = started(machine(states, { initial: "b", variables: { spins: true } }));

  await expect(begun).rejects.toThrow(
    "more than 100 transitions follow each other without waiting; it cannot begin",
  );
});

test("what time cannot do is tried again when the state has lasted as long once more", async () => {
  const { said, apply, clock } = await started(machine({ a: { after: { "1s": "b" } }, ...roundAndRound }));
  apply("go", 1);
  said();

  clock.advance(seconds(1));
  expect(said()).toEqual(["failures=1"]);
  apply("go", 0);
  expect(said()).toEqual([]);
  clock.advance(seconds(1));
  expect(said()).toEqual(['state="b"']);
});

test("a process that slept does not catch up", async () => {
  const { said, clock } = await started(
    machine({ a: { after: { "10ms": "b" } }, b: { after: { "10ms": "a" } } }),
  );
  said();

  clock.advance(millis(100));

  expect(said()).toHaveLength(10);
});

test("after it was stopped it says nothing more", async () => {
  const { said, bench, clock } = await started(machine({ a: { after: { "10ms": "b" } }, b: {} }));
  said();

  await bench.stop();
  clock.advance(seconds(1));

  expect(said()).toEqual([]);
});

test("it survives whatever comes, and is always in a state that it has", async () => {
  const happening = fc.oneof(
    fc.record({ input: fc.constantFrom("visitor", "button"), value: fc.boolean() }),
    fc.record({ input: fc.constant("level"), value: fc.double({ noNaN: true }) }),
    fc.record({ pause: fc.integer({ min: 0, max: 70_000 }) }),
  );
  const states = ["idle", "attract", "interactive.asking", "interactive.playing", "cool-down"];

  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (all) => {
      const { bench, apply, clock, said } = await started();

      for (const each of all) {
        if ("pause" in each) clock.advance(millis(each.pause));
        else apply(each.input, each.value);
      }

      const told = bench.emitted.filter(({ output }) => output === "state").map(({ value }) => value);
      expect(told.filter((state) => !states.some((each) => each === state))).toEqual([]);
      expect(said().filter((line) => line.startsWith("failures"))).toEqual(["failures=0"]);
      // Whatever came, a room that everybody has left is idle again.
      apply("visitor", false);
      clock.advance(seconds(120));
      expect(bench.emitted.findLast(({ output }) => output === "state")?.value).toBe("idle");
    }),
    { numRuns: 60 },
  );
});
