import { millis, seconds } from "../kernel/units.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { expect, test } from "vitest";
import { Complaints } from "./complaints.ts";
import { PacedCounter } from "./paced-counter.ts";

test("a counter is given at once, then once a second while it changes, and its last count always", () => {
  const clock = new VirtualClock();
  const given: string[] = [];
  const counter = new PacedCounter(clock, (count) => void given.push(`${clock.now()} ${count}`));

  for (let line = 0; line < 30; line++) {
    counter.add();
    clock.advance(millis(100));
  }
  clock.advance(seconds(60));

  expect(given).toEqual(["0 1", "1000 10", "2000 20", "3000 30"]);
});

test("a counter that was stopped gives nothing more", () => {
  const clock = new VirtualClock();
  const given: number[] = [];
  const counter = new PacedCounter(clock, (count) => void given.push(count));
  counter.add();
  counter.add();

  counter.stop();
  clock.advance(seconds(5));

  expect(given).toEqual([1]);
});

test("complaints come at once, then at most once a minute with a count for each reason", () => {
  const clock = new VirtualClock();
  const written: string[] = [];
  const complaints = new Complaints<"unmatched" | "too-long">(clock, (message) => void written.push(message));

  complaints.add("unmatched", "\u0007noise");
  for (let second = 0; second < 50; second++) {
    complaints.add("too-long", "x".repeat(5000));
    complaints.add("unmatched", "later");
    clock.advance(seconds(1));
  }
  clock.advance(seconds(300));

  expect(written).toEqual([
    'unmatched 1×; such as "\\u0007noise"',
    `too-long 50×, unmatched 50×; such as "${"x".repeat(80)}…"`,
  ]);
});
