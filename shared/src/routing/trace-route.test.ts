import fc from "fast-check";
import { expect, test } from "vitest";
import { instant, micros, millis } from "../kernel/units.ts";
import { routeOf } from "../testing/builders.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Value } from "../wire/value.ts";
import { prepareRoute } from "./run-route.ts";
import { type TraceInput, traceRoute } from "./trace-route.ts";

/** Each step as `at part kind value`. */
function traced(
  given: Partial<CompiledRoute>,
  inputs: readonly TraceInput[],
  until = 1000,
): readonly string[] {
  const steps = traceRoute(routeOf(given), inputs, until);
  if (!steps.ok) throw new Error(steps.error.fault.message);
  return steps.value.map(({ at, part, kind, value, error }) =>
    [at, part, kind, value === undefined ? error : JSON.stringify(value)]
      .filter((each) => each !== undefined)
      .join(" "),
  );
}

test("each step of a value is told, with what it gave", () => {
  expect(
    traced({ when: "value > 1", map: "value * 2" }, [
      { at: 0, value: 1 },
      { at: 10, value: 3 },
    ]),
  ).toEqual([
    "0 from came 1",
    "0 when stopped",
    "10 from came 3",
    "10 when passed",
    "10 map gave 6",
    "10 to arrived 6",
  ]);
});

test("operators tell what they keep, what they stop and when they give", () => {
  const through = [
    { kind: "deadband", by: 1 },
    { kind: "delay", span: millis(50) },
  ] as const;

  expect(
    traced({ through: [...through] }, [
      { at: 0, value: 1 },
      { at: 10, value: 1.5 },
    ]),
  ).toEqual([
    "0 from came 1",
    "0 through[0] deadband gave 1",
    "0 through[1] delay held 1",
    "10 from came 1.5",
    "10 through[0] deadband stopped 1.5",
    "50 through[1] delay gave 1",
    "50 to arrived 1",
  ]);
});

test("a throttle of the route tells what it keeps, and when it lets it out", () => {
  expect(
    traced({ throttle: millis(100) }, [
      { at: 0, value: 1 },
      { at: 10, value: 2 },
      { at: 20, value: 3 },
    ]),
  ).toEqual([
    "0 from came 1",
    "0 to arrived 1",
    "10 from came 2",
    "10 throttle held 2",
    "20 from came 3",
    "20 throttle held 3",
    "100 throttle gave",
    "100 to arrived 3",
  ]);
});

test("what fails is told with its words", () => {
  expect(traced({ map: "value.x" }, [{ at: 0, value: 1 }])).toEqual([
    "0 from came 1",
    "0 map failed No such key: x",
  ]);
  expect(traced({ through: [{ kind: "deadband", by: 1 }] }, [{ at: 0, value: "a" }])).toEqual([
    '0 from came "a"',
    "0 through[0] deadband failed deadband takes numbers, not a text",
  ]);
});

test("what is held beyond the end does not arrive", () => {
  expect(traced({ through: [{ kind: "delay", span: millis(50) }] }, [{ at: 0, value: 1 }], 49)).toHaveLength(
    2,
  );
});

test("a route that cannot be right has no trace", () => {
  expect(traceRoute(routeOf({ map: "valu" }), [], 0)).toMatchObject({ ok: false, error: { part: "map" } });
});

test("what arrives in a trace is what arrives in a route", () => {
  const span = fc.integer({ min: 1, max: 60 }).map(millis);
  const through = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom("throttle", "debounce", "hold", "delay"), span }),
      fc.record({ kind: fc.constant("window"), span, give: fc.constantFrom("avg", "count") }),
    ),
    { maxLength: 3 },
  );
  const inputs = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 })), {
    maxLength: 20,
  });

  fc.assert(
    fc.property(through, fc.option(span), inputs, (through, throttle, pauses) => {
      const given = routeOf({ through, ...(throttle === null ? {} : { throttle }), map: "value + 1" });
      let at = 0;
      const values = pauses.map(([pause, value]) => ({ at: (at += pause), value }));
      const prepared = prepareRoute(given);
      const arrived: Value[] = [];
      if (!prepared.ok) throw new Error("it is right");
      const sink = (_route: CompiledRoute, { value }: { value: Value }) => void arrived.push(value);
      const look = (until: number) => {
        for (let { due } = prepared.value; due !== undefined && due <= until; { due } = prepared.value)
          prepared.value.flush(due, sink);
      };
      for (const { at, value } of values) {
        look(at);
        prepared.value.offer({ value, unit: "", quality: 0, at: micros(at) }, instant(at), sink);
      }
      look(10_000);

      const steps = traceRoute(given, values, 10_000);

      const inTrace = steps.ok ? steps.value.filter(({ kind }) => kind === "arrived") : [];
      expect(inTrace.map(({ value }) => value)).toEqual(arrived);
    }),
  );
});

test("null arrives nowhere: it lets go, or tells that what the route follows is lost", () => {
  const trace = traced({ map: "value ? 1.0 : null" }, [
    { at: 0, value: true },
    { at: 10, value: false },
    { at: 20, value: false, quality: 1 },
  ]);

  expect(trace.filter((line) => line.includes(" to "))).toEqual([
    "0 to arrived 1",
    "10 to let-go",
    "20 to lost",
  ]);
});
