import { expect, test } from "vitest";
import { HubCounters } from "./counters.ts";

test("reasons are counted each, once or several times", () => {
  const counter = new HubCounters().refused;

  counter.add("empty");
  counter.add("empty", 19);
  counter.add("too long");

  expect(counter.entries()).toEqual([
    ["empty", 20],
    ["too long", 1],
  ]);
});

test("of reasons without end only the first ones are told apart, and all are counted", () => {
  const counter = new HubCounters().refused;

  for (let index = 0; index < 1000; index++) counter.add(`reason ${index}`);

  expect(counter.entries()).toHaveLength(201);
  expect(counter.entries().at(-1)).toEqual(["other", 800]);
});

test("messages are taken since the last time", () => {
  const counters = new HubCounters();
  counters.messages = 5;
  expect(counters.takeMessages()).toBe(5);
  counters.messages = 7;

  expect(counters.takeMessages()).toBe(2);
});
