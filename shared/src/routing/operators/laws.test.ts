import fc from "fast-check";
import { expect, test } from "vitest";
import { millis } from "../../kernel/units.ts";
import { playedThrough, type Timed } from "../../testing/played-route.ts";
import { aggregates, type Operator } from "../../wire/messages/operator.ts";
import type { Value } from "../../wire/value.ts";

const spans = fc.integer({ min: 1, max: 60 });
/** Values that often stay the same, at times that often are the same or meet the end of a span. */
const timesOf = <Of extends Value>(value: fc.Arbitrary<Of>): fc.Arbitrary<Timed<Of>[]> =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), value), { minLength: 1, maxLength: 40 }).map((steps) => {
    let at = 0;
    return steps.map(([pause, value]): Timed<Of> => [(at += pause), value]);
  });
const numbers = timesOf(fc.integer({ min: -3, max: 3 }));

const operators: fc.Arbitrary<Operator> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("throttle", "debounce", "hold", "delay"),
    span: spans.map(millis),
  }),
  fc.record({
    kind: fc.constant("window"),
    span: spans.map(millis),
    give: fc.constantFrom(...aggregates),
  }),
  fc.record({ kind: fc.constant("hysteresis"), on: fc.constant(1), off: fc.constantFrom(-1, 2) }),
  fc.record({ kind: fc.constant("deadband"), by: fc.constantFrom(0.5, 2) }),
  fc.record({ kind: fc.constant("when"), expression: fc.constantFrom("value != 2", "quality == 0") }),
  fc.record({
    kind: fc.constant("map"),
    expression: fc.constantFrom("value * 2", "value", "value == 2 ? null : value"),
  }),
);
const chains = fc.array(operators, { minLength: 1, maxLength: 4 });

const outOf = (operator: Operator, given: readonly Timed[]) => playedThrough([operator], given).out;

test("what comes out depends on values and when they came, and never on how late a timer looks", () => {
  const looks = fc.array(fc.integer({ min: 0, max: 1600 }), { maxLength: 20 });

  fc.assert(
    fc.property(chains, numbers, looks, (through, given, looks) => {
      const punctual = playedThrough(through, given);
      const late = playedThrough(through, given, looks);

      expect(late.out).toEqual(punctual.out);
      expect([late.runner.passed, late.runner.failed]).toEqual([
        punctual.runner.passed,
        punctual.runner.failed,
      ]);
    }),
    { numRuns: 500 },
  );
});

test("no chain holds anything for ever, or gives what has not come", () => {
  fc.assert(
    fc.property(chains, numbers, (through, given) => {
      const { out, runner } = playedThrough(through, given);

      const [[first] = [0]] = given;
      expect(runner.due).toBeUndefined();
      expect(out.every(([at]) => at >= first)).toBe(true);
      expect(out.map(([at]) => at)).toEqual(out.map(([at]) => at).toSorted((left, right) => left - right));
    }),
  );
});

test("throttle: spans lie between values, and the last one always comes", () => {
  fc.assert(
    fc.property(spans, numbers, (span, given) => {
      const out = outOf({ kind: "throttle", span: millis(span) }, given);

      expect(out[0]).toEqual(given[0]);
      expect(out.at(-1)?.[1]).toBe(given.at(-1)?.[1]);
      for (const [index, [at]] of out.entries()) {
        if (index > 0) expect(at - (out[index - 1]?.[0] ?? 0)).toBeGreaterThanOrEqual(span);
      }
    }),
  );
});

test("debounce: each value stood for the span before it passed, none passes twice, and the last one comes", () => {
  fc.assert(
    fc.property(spans, numbers, (span, given) => {
      const out = outOf({ kind: "debounce", span: millis(span) }, given);

      expect(out.at(-1)?.[1]).toBe(given.at(-1)?.[1]);
      for (const [index, [at, value]] of out.entries()) {
        expect(value).not.toBe(out[index - 1]?.[1]);
        // From the span before until then, whatever came was equal, and one was there at its beginning.
        const during = given.filter(([came]) => came > at - span && came < at);
        const [, before] = given.findLast(([came]) => came <= at - span) ?? [];
        expect([before, ...during.map(([, value]) => value)]).toEqual([before, ...during].map(() => value));
      }
    }),
  );
});

test("hold: off comes when nothing was on for the span, and what is on comes at once", () => {
  fc.assert(
    fc.property(spans, timesOf(fc.boolean()), (span, given) => {
      const out = outOf({ kind: "hold", span: millis(span) }, given);

      expect(out.filter(([, isOn]) => isOn)).toEqual(given.filter(([, isOn]) => isOn));
      expect(out.at(-1)?.[1]).toBe(given.at(-1)?.[1]);
      for (const [index, [at, isOn]] of out.entries()) {
        const [, wasOn] = out[index - 1] ?? [];
        if (isOn || wasOn !== true) continue;
        const lastOn = given.findLastIndex(([came, isOn]) => isOn && came < at);
        expect(given[lastOn + 1]).toEqual([at - span, false]);
      }
    }),
  );
});

test("delay: the same values in the same order, each so much later", () => {
  fc.assert(
    fc.property(spans, numbers, (span, given) => {
      const out = outOf({ kind: "delay", span: millis(span) }, given);

      expect(out).toEqual(given.map(([at, value]) => [at + span, value]));
    }),
  );
});

test("hysteresis: on beyond one threshold, off beyond the other, and only changes", () => {
  fc.assert(
    fc.property(numbers, (given) => {
      const out = outOf({ kind: "hysteresis", on: 2, off: 0 }, given);

      for (const [at, value] of given) {
        const [, state] = out.findLast(([changed]) => changed <= at) ?? [];
        const isLastOfItsInstant = given.findLast(([came]) => came === at)?.[1] === value;
        if (isLastOfItsInstant && value >= 2) expect(state).toBe(true);
        if (isLastOfItsInstant && value <= 0) expect(state).toBe(false);
      }
      for (const [index, [, state]] of out.entries()) expect(state).not.toBe(out[index - 1]?.[1]);
    }),
  );
});

test("deadband: neighbours that pass are far enough apart, and no value is further from the last that passed", () => {
  fc.assert(
    fc.property(numbers, (given) => {
      const out = outOf({ kind: "deadband", by: 2 }, given);

      expect(out[0]).toEqual(given[0]);
      let passed = 0;
      for (const timed of given) {
        const before = out[passed - 1]?.[1];
        const isFar = before === undefined || Math.abs(timed[1] - Number(before)) >= 2;
        if (isFar) expect(out[passed++]).toEqual(timed);
      }
      expect(out).toHaveLength(passed);
    }),
  );
});

test("window: each result is of what came after the span before, up to then", () => {
  const references = {
    avg: (inside: readonly number[]) => inside.reduce((sum, each) => sum + each, 0) / inside.length,
    min: (inside: readonly number[]) => Math.min(...inside),
    max: (inside: readonly number[]) => Math.max(...inside),
    count: (inside: readonly number[]) => inside.length,
    rate: (inside: readonly number[], span: number) => (inside.length * 1000) / span,
  };

  fc.assert(
    fc.property(fc.constantFrom(...aggregates), spans, numbers, (give, span, given) => {
      const out = outOf({ kind: "window", span: millis(span), give }, given);

      // Of values that come in one instant each has its own result; the last one stands.
      const instants = [...new Set([...given.map(([at]) => at), ...given.map(([at]) => at + span)])];
      for (const at of instants) {
        const inside = given.filter(([came]) => came <= at && came > at - span).map(([, value]) => value);
        const [, said] = out.findLast(([said]) => said <= at) ?? [];
        if (inside.length > 0 || give === "count" || give === "rate")
          expect(said).toBe(references[give](inside, span));
      }
    }),
    { numRuns: 300 },
  );
});
