import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sendInterval, settleTime } from "../live/limits.ts";
import { Steering } from "./steering.ts";

/** Moves a control by `steps` of ms and returns what was sent, and when. */
function drag(steps: readonly number[]): {
  readonly sent: (readonly [number, number])[];
  readonly last: number;
} {
  const steering = new Steering<number>();
  const sent: (readonly [number, number])[] = [];
  let at = 1000;
  let due = Number.POSITIVE_INFINITY;
  const flush = (when: number): void => {
    const ready = steering.flush(when);
    if (ready !== undefined) sent.push([when, ready.value]);
    due = Number.POSITIVE_INFINITY;
  };
  for (const [value, step] of steps.entries()) {
    if (due <= at + step) flush(due);
    at += step;
    due = at + steering.move(value, at);
    if (due <= at) flush(at);
  }
  if (due < Number.POSITIVE_INFINITY) flush(due);
  return { sent, last: steps.length - 1 };
}

test("the first movement goes at once", () => {
  expect(drag([0]).sent).toEqual([[1000, 0]]);
});

test("however a hand moves, at most one value goes in an interval, and the last one always goes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 100 }), (steps) => {
      const { sent, last } = drag(steps);

      expect(sent.at(-1)?.[1]).toBe(last);
      for (const [index, [at]] of sent.entries()) {
        if (index > 0) expect(at - (sent[index - 1]?.[0] ?? 0)).toBeGreaterThanOrEqual(sendInterval);
      }
    }),
  );
});

test("a control follows its input until a hand takes it", () => {
  const steering = new Steering<number>();

  expect(steering.shown(7, 0)).toBe(7);
  steering.take();
  steering.move(50, 100);
  expect(steering.shown(7, 60_000)).toBe(50);
});

test("after the hand has gone it waits for the echo and then follows again", () => {
  const steering = new Steering<number>();
  steering.take();
  steering.move(50, 100);
  steering.flush(100);

  steering.leave(200);

  expect(steering.shown(7, 200 + settleTime - 1)).toBe(50);
  expect(steering.shown(7, 200 + settleTime)).toBe(7);
});

test("given back it follows at once and sends nothing more", () => {
  const steering = new Steering<number>();
  steering.move(50, 100);

  steering.release();

  expect(steering.shown(7, 101)).toBe(7);
  expect(steering.flush(1000)).toBeUndefined();
});
