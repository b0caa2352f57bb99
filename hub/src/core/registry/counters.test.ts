import { expect, test } from "vitest";
import { HubCounters } from "./counters.ts";

test("a reason is worth a line the first, second, fourth, eighth time", () => {
  const counter = new HubCounters().refused;

  const lines = Array.from({ length: 20 }, (_, index) => (counter.add("empty") ? index + 1 : 0)).filter(
    (each) => each > 0,
  );

  expect(lines).toEqual([1, 2, 4, 8, 16]);
  expect(counter.entries()).toEqual([["empty", 20]]);
});

test("of reasons without end only the first ones are kept", () => {
  const counter = new HubCounters().refused;

  for (let index = 0; index < 1000; index++) counter.add(`reason ${index}`);

  expect(counter.entries()).toHaveLength(200);
});

test("messages are taken since the last time", () => {
  const counters = new HubCounters();
  counters.messages = 5;
  expect(counters.takeMessages()).toBe(5);
  counters.messages = 7;

  expect(counters.takeMessages()).toBe(2);
});
