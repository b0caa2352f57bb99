import { expect, test } from "vitest";
import { parseTopic } from "@interactor/shared/wire/topics";
import { rawTopic, tapTopic } from "./tap-filter.ts";

test.each([
  ["#", "ix/1/demo/v/#"],
  ["+/sim/+", "ix/1/demo/v/+/sim/+"],
  ["demo/#", "ix/1/demo/v/demo/#"],
  ["demo/sim/distance/#", "ix/1/demo/v/demo/sim/distance/#"],
  ["ix/1/demo/n/+/state", "ix/1/demo/n/+/state"],
])("%s is the filter %s", (filter, topic) => {
  expect(tapTopic(filter, "demo")).toEqual({ ok: true, value: topic });
});

test("an address becomes a topic that is read as that address", () => {
  const topic = tapTopic("demo/sim/distance", "demo");

  expect(topic.ok && parseTopic(topic.value)).toEqual({
    kind: "value",
    site: "demo",
    address: { node: "demo", instance: "sim", port: "distance" },
  });
});

test.each([
  ["", "empty"],
  ["demo//x", "empty"],
  ["demo/sim", "demo/sim/#"],
  ["a/b/c/d", "node/instance/port"],
  ["#/a", "end only"],
  ["demo/s#", "stand alone"],
  ["demo/s+/x", "stand alone"],
  ["Demo/sim/x", "not a name"],
  ["ix/1/2/3/4/5/6/7/8", "deeper"],
])("%j is refused, with what would be right", (filter, words) => {
  const topic = tapTopic(filter, "demo");

  expect(topic.ok ? "" : topic.error).toContain(words);
});

test("a raw stream is of one output", () => {
  expect(rawTopic("demo/sim/distance", "demo")).toEqual({
    ok: true,
    value: "ix/1/demo/raw/demo/sim/distance",
  });
  expect(rawTopic("demo/sim/+", "demo").ok).toBe(false);
});
