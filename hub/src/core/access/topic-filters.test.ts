import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { TopicFilters } from "./topic-filters.ts";

/** MQTT's meaning, the slow way: both as regular expressions over whole levels. */
function slowly(filter: string): (topic: string) => boolean {
  const pattern = filter
    .split("/")
    .map((level, index) => {
      if (level === "#") return index === 0 ? ".*" : "(?:/.*)?";
      const one = level === "+" ? "[^/]*" : level.replace("$", "\\$");
      return index === 0 ? one : `/${one}`;
    })
    .join("");
  const expression = new RegExp(`^${pattern}$`);
  return (topic) => !(/^[#+]/.test(filter) && topic.startsWith("$")) && expression.test(topic);
}

/** Every topic of up to five levels; `z` is a level that no filter names. */
const topics = [1, 2, 3, 4, 5]
  .flatMap((depth) => ofDepth(["a", "$a", "", "z"], depth))
  .filter((topic) => topic !== "");

function ofDepth(levels: readonly string[], depth: number): readonly string[] {
  if (depth === 1) return levels;
  return ofDepth(levels, depth - 1).flatMap((front) => levels.map((level) => `${front}/${level}`));
}

const filter = fc
  .tuple(fc.array(fc.constantFrom("a", "$a", "", "+"), { maxLength: 3 }), fc.boolean())
  .map(([levels, isOpen]) => [...levels, ...(isOpen ? ["#"] : [])].join("/"))
  .filter((text) => text !== "");

test("the slow way sees topics that match and topics that do not", () => {
  expect(topics.length).toBe(1363);
  expect(topics.filter(slowly("a/+"))).toEqual(["a/a", "a/$a", "a/", "a/z"]);
  expect(topics.filter(slowly("+/#")).some((topic) => topic.startsWith("$"))).toBe(false);
});

test("a filter matches the topics that MQTT says it does", () => {
  fc.assert(
    fc.property(filter, (filter) => {
      const filters = new TopicFilters([filter]);
      expect(topics.filter((topic) => filters.matches(topic))).toEqual(topics.filter(slowly(filter)));
    }),
    { numRuns: 300 },
  );
});

test("a filter covers another when it matches every topic that the other matches", () => {
  let covered = 0;
  fc.assert(
    fc.property(filter, filter, (wide, narrow) => {
      const isCovered = topics.filter(slowly(narrow)).every(slowly(wide));
      expect(new TopicFilters([wide]).covers(narrow)).toBe(isCovered);
      covered += Number(isCovered);
    }),
    { numRuns: 5000 },
  );
  expect(covered).toBeGreaterThan(100);
});

describe("what is easily got wrong", () => {
  test.each([
    ["#", "a", true],
    ["a/#", "a", true],
    ["+", "a/b", false],
    ["#", "$SYS/load", false],
    ["+/load", "$SYS/load", false],
    ["$SYS/#", "$SYS/load", true],
    ["a/+", "a/$b", true],
    ["a/+", "a", false],
    ["a/+", "a/", true],
  ])("%s over the topic %s: %s", (filter, topic, isMatched) => {
    expect(new TopicFilters([filter]).matches(topic)).toBe(isMatched);
  });

  test.each([
    ["#", "+/a", true],
    ["#", "$SYS/#", false],
    ["+/#", "#", true],
    ["a/+/#", "a/#", false],
    ["+/+/#", "/#", true],
    ["a/#", "a/#", true],
    ["a/+", "a/#", false],
    ["test/nosubscribe", "test/nosubscribe", true],
    ["test/nosubscribe", "test/+", false],
    ["test/nosubscribe", "test/#", false],
    ["test/nosubscribe", "#", false],
  ])("%s over the filter %s: %s", (wide, narrow, isCovered) => {
    expect(new TopicFilters([wide]).covers(narrow)).toBe(isCovered);
  });
});

test("no filter at all matches and covers nothing", () => {
  expect(new TopicFilters([]).matches("a")).toBe(false);
  expect(new TopicFilters([]).covers("a")).toBe(false);
});

test("one of several filters has to cover the whole", () => {
  const filters = new TopicFilters(["a/b", "a/c/#"]);

  expect(filters.covers("a/c/+")).toBe(true);
  expect(filters.covers("a/+")).toBe(false);
});
