import { describe, expect, test } from "vitest";
import { instant, micros, millis } from "../kernel/units.ts";
import { noon, routeOf } from "../testing/builders.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Operator } from "../wire/messages/operator.ts";
import type { Value } from "../wire/value.ts";
import { prepareRoute, prepareRoutes, type RouteSink, RouteTable, type Sample } from "./run-route.ts";

const sampleOf = (value: Value, given: Partial<Sample> = {}): Sample => ({
  value,
  unit: "m",
  quality: 0,
  at: noon,
  ...given,
});

function bench(given: Partial<CompiledRoute> = {}) {
  const prepared = prepareRoute(routeOf(given));
  if (!prepared.ok) throw new Error(prepared.error.fault.message);
  const runner = prepared.value;
  const out: Value[] = [];
  return {
    runner,
    out,
    offer: (value: Value, at = 0) =>
      runner.offer(sampleOf(value), instant(at), (_route, { value }) => void out.push(value)),
    flush: (at: number) => runner.flush(instant(at), (_route, { value }) => void out.push(value)),
  };
}

test("a route without conditions passes on what it is given", () => {
  const { out, offer, runner } = bench();

  for (const value of [1, "two", true, null]) offer(value);

  expect(out).toEqual([1, "two", true, null]);
  expect(runner.passed).toBe(4);
});

test("map makes another value of it, and its stamp and quality stay", () => {
  const prepared = prepareRoute(routeOf({ map: "value * 2" }));
  const out: Sample[] = [];

  if (prepared.ok)
    prepared.value.offer(
      sampleOf(2.5, { quality: 1 }),
      instant(0),
      (_route, sample) => void out.push(sample),
    );

  expect(out).toEqual([{ value: 5, unit: "m", quality: 1, at: noon }]);
});

test("when holds back what does not fulfil it, and that is no failure", () => {
  const { out, offer, runner } = bench({ when: "value > 5" });

  for (const value of [4, 6, 5, 7]) offer(value);

  expect(out).toEqual([6, 7]);
  expect(runner.failed).toBe(0);
});

test.each<readonly [string, Partial<CompiledRoute>, RegExp]>([
  ["a condition that is no truth", { when: "value" }, /when: .*true or false/],
  ["a condition that does not fit the value", { when: "value.a == 1" }, /^when: /],
  ["a mapping that does not fit the value", { map: "value.a" }, /^map: /],
  ["a division by zero", { map: "1 / (value - 1)" }, /^map: .*not a number/],
])("%s is counted as a failure with its words, and nothing is passed on", (_what, given, words) => {
  const { out, offer, runner } = bench(given);

  offer(1);

  expect(out).toEqual([]);
  expect([runner.failed, runner.passed]).toEqual([1, 0]);
  expect(runner.error).toMatch(words);
});

describe("a throttle", () => {
  const throttle = millis(100);

  test("lets the first through, then the last of each span", () => {
    const { out, offer, flush, runner } = bench({ throttle });

    offer(1, 0);
    offer(2, 10);
    offer(3, 90);
    expect(runner.due).toBe(100);
    flush(99);
    expect(out).toEqual([1]);
    flush(100);

    expect(out).toEqual([1, 3]);
    expect(runner.due).toBeUndefined();
  });

  test("opens again by itself", () => {
    const { out, offer } = bench({ throttle });

    offer(1, 0);
    offer(2, 100);

    expect(out).toEqual([1, 2]);
  });

  test("counts from what passed, not from what the condition held back", () => {
    const { out, offer } = bench({ throttle, when: "value > 5" });

    offer(1, 0);
    offer(6, 10);

    expect(out).toEqual([6]);
  });

  test("a newer value that is due at once takes the place of a held one", () => {
    const { out, offer, flush } = bench({ throttle });

    offer(1, 0);
    offer(2, 50);
    offer(3, 150);
    flush(200);

    expect(out).toEqual([1, 3]);
  });
});

test.each(["when", "map"] as const)("a route whose %s cannot be right is not prepared", (part) => {
  const prepared = prepareRoute(routeOf({ [part]: "valu > 1" }));

  expect(prepared).toMatchObject({ ok: false, error: { part, fault: { offset: 0 } } });
});

describe("a table of routes", () => {
  const runnersOf = (...routes: readonly Partial<CompiledRoute>[]) =>
    routes.flatMap((given) => {
      const prepared = prepareRoute(routeOf(given));
      return prepared.ok ? [prepared.value] : [];
    });

  test("offers a value to every route from its output and to no other", () => {
    const table = new RouteTable(
      runnersOf({ name: "a" }, { name: "b" }, { name: "c", from: "pi/sim/motion" }),
    );
    const ran: string[] = [];

    const isTaken = table.offer(
      "pi/sim/distance",
      sampleOf(1),
      instant(0),
      (route) => void ran.push(route.name),
    );

    expect([isTaken, ran]).toEqual([true, ["a", "b"]]);
    expect(table.offer("pi/sim/constructor", sampleOf(1), instant(0), () => undefined)).toBe(false);
  });

  test("says when the next throttle opens", () => {
    const table = new RouteTable(
      runnersOf({ name: "slow", throttle: millis(500) }, { name: "quick", throttle: millis(100) }),
    );
    for (const at of [0, 10]) table.offer("pi/sim/distance", sampleOf(1), instant(at), () => undefined);

    expect(table.flush(instant(20), () => undefined)).toBe(100);
    expect(table.flush(instant(100), () => undefined)).toBe(500);
    expect(table.flush(instant(500), () => undefined)).toBeUndefined();
  });

  test("a filter takes the values of every output it stands for, and knows which one", () => {
    const table = new RouteTable(
      runnersOf({ name: "a", from: "+/sim/distance", map: "from" }, { name: "b" }),
    );
    const ran: unknown[] = [];
    const sink: RouteSink = (route, { value, from }) => void ran.push([route.name, value, from]);

    for (const node of ["pi", "demo"]) table.offer(`${node}/sim/distance`, sampleOf(1), instant(0), sink);

    expect(ran).toEqual([
      ["a", "pi/sim/distance", "pi/sim/distance"],
      ["b", 1, undefined],
      ["a", "demo/sim/distance", "demo/sim/distance"],
    ]);
    expect(table.offer("pi/sim/motion", sampleOf(1), instant(0), sink)).toBe(false);
  });

  test("outputs of a filter are one stream for the operators", () => {
    const count: Operator = { kind: "window", span: millis(100), give: "count" };
    const table = new RouteTable(runnersOf({ from: "+/sim/distance", through: [count] }));
    const out: Value[] = [];

    for (const node of ["a", "b", "a"])
      table.offer(
        `${node}/sim/distance`,
        sampleOf(1),
        instant(0),
        (_route, { value }) => void out.push(value),
      );

    expect(out).toEqual([1, 2, 3]);
  });

  test("latest values are given again to a route that is new, the last one last", () => {
    const runners = runnersOf({ from: "pi/+/distance" });
    const table = new RouteTable(runners);
    const latest = new Map([
      ["late/distance", sampleOf(2, { at: micros(noon + 5) })],
      ["early/distance", sampleOf(1)],
      ["early/motion", sampleOf(true)],
    ]);
    const out: Value[] = [];

    table.offerLatest(
      runners,
      { latest, prefix: "pi/" },
      instant(0),
      (_route, { value }) => void out.push(value),
    );

    expect(out).toEqual([1, 2]);
  });

  test("an input that comes anew gets what the operators gave last, and they do not take it once more", () => {
    const counting = runnersOf({ through: [{ kind: "window", span: millis(1000), give: "count" }] });
    const table = new RouteTable(counting);
    const latest = new Map([["pi/sim/distance", sampleOf(7)]]);
    const out: Value[] = [];
    const sink: RouteSink = (_route, { value }) => void out.push(value);
    for (const at of [0, 1]) table.offer("pi/sim/distance", sampleOf(7), instant(at), sink);

    table.offerLatest(counting, { latest }, instant(2), sink);

    expect(out).toEqual([1, 2, 2]);
  });

  test("what happened once does not happen again because somebody comes", () => {
    const late = runnersOf({ through: [{ kind: "delay", span: millis(10) }] });
    const table = new RouteTable(late);
    const out: Value[] = [];
    const sink: RouteSink = (_route, { value }) => void out.push(value);
    table.offer("pi/sim/distance", sampleOf(true, { isEvent: true }), instant(0), sink);
    table.flush(instant(10), sink);

    table.offerLatest(late, { latest: new Map([["pi/sim/distance", sampleOf(false)]]) }, instant(20), sink);

    expect(out).toEqual([true]);
  });

  test("a route that did not change keeps what its operators hold, one that did begins anew", () => {
    const delay: Operator = { kind: "delay", span: millis(100) };
    const table = new RouteTable(
      runnersOf({ name: "same", through: [delay] }, { name: "other", through: [delay] }),
    );
    const out: string[] = [];
    const sink: RouteSink = ({ name }) => void out.push(name);
    table.offer("pi/sim/distance", sampleOf(1), instant(0), sink);

    const changed = runnersOf(
      { name: "same", through: [delay] },
      { name: "other", through: [delay], map: "value" },
    );
    const { table: renewed, fresh } = table.renewed(changed);

    expect(fresh.map(({ route }) => route.name)).toEqual(["other"]);
    expect(renewed.flush(instant(50), sink)).toBe(100);
    expect(renewed.flush(instant(100), sink)).toBeUndefined();
    expect(out).toEqual(["same"]);
  });

  test("a route that fails does not keep the others from running", () => {
    const table = new RouteTable(
      runnersOf(
        { name: "wrong", map: "value.x" },
        { name: "refused" },
        { name: "stuck", through: [{ kind: "deadband", by: 1 }] },
        { name: "well" },
      ),
    );
    const out: string[] = [];

    table.offer("pi/sim/distance", sampleOf("near"), instant(0), ({ name }) => {
      if (name === "refused") return "the queue of the node is full";
      out.push(name);
      return undefined;
    });

    expect(out).toEqual(["well"]);
    expect(table.runners.map(({ passed, failed, error }) => [passed, failed, error])).toEqual([
      [0, 1, "map: No such key: x"],
      [0, 1, "to: the queue of the node is full"],
      [0, 1, "through[0] deadband: deadband takes numbers, not a text"],
      [1, 0, undefined],
    ]);
  });
});

describe("a budget", () => {
  const budget = millis(20);
  const table = () => {
    const runners = prepareRoutes([
      routeOf({ budget, through: [{ kind: "delay", span: millis(50) }] }),
      routeOf({ name: "at once", budget }),
    ]);
    return { table: new RouteTable(runners), runners };
  };
  const wallAfter = (ms: number) => micros(noon + ms * 1000);

  test("tells what 99 of 100 values took, and how many took longer", () => {
    const { table: routes, runners } = table();

    for (let took = 1; took <= 100; took += 1)
      routes.offer("pi/sim/distance", sampleOf(took), instant(took), () => undefined, wallAfter(took / 4));

    expect(runners[1]?.meter?.report()).toEqual({ budgetMs: 20, p99Ms: 24.75, over: 20 });
  });

  test("is of the last values, and what comes from the future took no time", () => {
    const { table: routes, runners } = table();

    for (let index = 0; index < 300; index += 1)
      routes.offer(
        "pi/sim/distance",
        sampleOf(index),
        instant(index),
        () => undefined,
        wallAfter(index < 44 ? 90 : -5),
      );

    expect(runners[1]?.meter?.report()).toEqual({ budgetMs: 20, p99Ms: 0, over: 44 });
  });

  test("is not of what is said again, nor of what operators keep", () => {
    const { table: routes, runners } = table();
    const latest = new Map([["pi/sim/distance", sampleOf(1)]]);

    routes.offer("pi/sim/distance", sampleOf(1), instant(0), () => undefined);
    routes.offerLatest(runners, { latest }, instant(1), () => undefined);
    routes.flush(instant(100), () => undefined);

    expect(runners.map(({ meter, passed }) => [meter?.report(), passed])).toEqual([
      [undefined, 1],
      [undefined, 2],
    ]);
  });

  test("is none where none is set, and a value that is refused is none of it", () => {
    const { table: routes, runners } = table();

    routes.offer("pi/sim/distance", sampleOf(1), instant(0), () => "full", wallAfter(50));

    expect(runners[1]?.meter?.report()).toBeUndefined();
    expect(prepareRoutes([routeOf()])[0]?.meter).toBeUndefined();
  });
});
