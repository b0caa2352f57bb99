import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { type Instant, later, millis, seconds } from "./units.ts";
import { Wake } from "./wake.ts";

/** One that moves at the times it was told, and notes when it did. */
function woken(...dues: readonly (Instant | undefined)[]) {
  const clock = new VirtualClock();
  const endsOfTurn: (() => void)[] = [];
  const moved: Instant[] = [];
  const wake = new Wake(
    clock,
    (task) => endsOfTurn.push(task),
    (at) => {
      moved.push(at);
      return dues[moved.length - 1];
    },
  );
  const endTurn = (): void => {
    for (const task of endsOfTurn.splice(0)) task();
  };
  return { clock, wake, moved, endTurn };
}

const start = new VirtualClock().now();

test("whatever happens in a turn is moved once, at its end", () => {
  const { wake, moved, endTurn } = woken();

  wake.soon();
  wake.soon();

  expect(moved).toHaveLength(0);
  endTurn();
  expect(moved).toHaveLength(1);
  wake.soon();
  endTurn();
  expect(moved).toHaveLength(2);
});

test("what is due later is moved then, and what is due at once without delay", () => {
  const { clock, wake, moved } = woken(later(start, seconds(2)), start, undefined);

  wake.now();
  clock.advance(seconds(5));

  expect(moved).toEqual([start, later(start, seconds(2)), later(start, seconds(2))]);
});

test("a time that comes nearer counts, and the one before it does not", () => {
  const [far, near] = [later(start, seconds(9)), later(start, seconds(1))];
  const { clock, wake, moved } = woken(far, near, undefined);

  wake.now();
  wake.now();
  clock.advance(seconds(20));

  expect(moved).toEqual([start, start, near]);
});

test("the same time again leaves the timer as it is", () => {
  const due = later(start, seconds(1));
  const { clock, wake, moved } = woken(due, due, undefined);

  wake.now();
  clock.advance(millis(500));
  wake.now();
  clock.advance(millis(500));

  expect(moved).toEqual([start, later(start, millis(500)), due]);
});

test("after its end it moves no more by itself", () => {
  const { clock, wake, moved } = woken(later(start, seconds(1)));

  wake.now();
  wake.end();
  clock.advance(seconds(5));

  expect(moved).toHaveLength(1);
});
