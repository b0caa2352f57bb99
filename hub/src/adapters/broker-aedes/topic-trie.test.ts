import { expect, test } from "vitest";
import fc from "fast-check";
import { TopicTrie } from "./topic-trie.ts";

type Grade = 0 | 1 | 2;
interface Pair {
  readonly filter: string;
  readonly taker: string;
  readonly grade: Grade;
}

const name = fc.constantFrom("", "a", "b", "$", "$a");
const topic = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
const filter = fc
  .tuple(
    fc.array(fc.oneof(name, fc.constant("+")), { minLength: 0, maxLength: 4 }),
    fc.constantFrom("", "a", "+", "#"),
  )
  .map(([names, last]) => [...names, last].join("/"));
const pair = fc.record<Pair>({
  filter,
  taker: fc.constantFrom("one", "two", "three"),
  grade: fc.constantFrom<Grade>(0, 1, 2),
});

/** Section 4.7 level by level, as it is written there: another way to the same answer. */
function matches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && (filter.startsWith("+") || filter.startsWith("#"))) return false;
  const levels = topic.split("/");
  for (const [index, part] of filter.split("/").entries()) {
    if (part === "#") return index <= levels.length;
    if (index >= levels.length || (part !== "+" && part !== levels[index])) return false;
  }
  return filter.split("/").length === levels.length;
}

const keyOf = ({ filter, taker }: Pair): string => `${taker} ${filter}`;

function modelOf(pairs: readonly Pair[]): ReadonlyMap<string, Pair> {
  return new Map(pairs.map((pair) => [keyOf(pair), pair]));
}

function matchByModel(pairs: Iterable<Pair>, topic: string): Map<string, Grade> {
  const found = new Map<string, Grade>();
  for (const { filter, taker, grade } of pairs)
    if (matches(filter, topic) && grade >= (found.get(taker) ?? 0)) found.set(taker, grade);
  return found;
}

function trieOf(pairs: readonly Pair[]): TopicTrie<string, Grade> {
  const trie = new TopicTrie<string, Grade>();
  for (const { filter, taker, grade } of pairs) trie.add(filter, taker, grade);
  return trie;
}

test.each([
  ["sport/tennis/player1/#", "sport/tennis/player1", true],
  ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
  ["sport/#", "sport", true],
  ["#", "sport/tennis", true],
  ["sport/tennis/+", "sport/tennis/player1/ranking", false],
  ["sport/+", "sport", false],
  ["sport/+", "sport/", true],
  ["+/+", "/finance", true],
  ["/+", "/finance", true],
  ["+", "/finance", false],
  ["#", "$SYS/monitor/clients", false],
  ["+/monitor/clients", "$SYS/monitor/clients", false],
  ["$SYS/#", "$SYS/monitor/clients", true],
  ["$SYS/monitor/+", "$SYS/monitor/clients", true],
  ["a", "A", false],
])("section 4.7 of the standard: %s takes %s: %s", (filter, topic, isTaken) => {
  const trie = trieOf([{ filter, taker: "one", grade: 0 }]);

  expect(trie.match(topic).has("one")).toBe(isTaken);
  expect(matches(filter, topic)).toBe(isTaken);
});

test("finds what a search through all filters finds, each taker once with its highest grade", () => {
  const pairs = fc.array(pair, { maxLength: 30 });

  fc.assert(
    fc.property(pairs, fc.array(topic, { minLength: 1, maxLength: 20 }), (pairs, topics) => {
      const trie = trieOf(pairs);
      const model = modelOf(pairs);
      expect(trie.size).toBe(model.size);
      for (const each of topics) expect(trie.match(each)).toEqual(matchByModel(model.values(), each));
    }),
    { numRuns: 500 },
  );
});

test("finds it also when pairs come and go in any order", () => {
  const step = fc.record({ isAdded: fc.boolean(), pair });

  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(topic, { maxLength: 10 }), (steps, topics) => {
      const trie = trieOf([]);
      const model = new Map<string, Pair>();
      for (const { isAdded, pair } of steps) {
        if (isAdded) {
          trie.add(pair.filter, pair.taker, pair.grade);
          model.set(keyOf(pair), pair);
        } else expect(trie.remove(pair.filter, pair.taker)).toBe(model.delete(keyOf(pair)));
        expect(trie.size).toBe(model.size);
      }
      for (const each of topics) expect(trie.match(each)).toEqual(matchByModel(model.values(), each));
    }),
    { numRuns: 500 },
  );
});

test("costs as many levels as its filters have beginnings, and none when they have gone in any order", () => {
  const pairs = fc.array(pair, { minLength: 1, maxLength: 30 });
  const shuffled = pairs.chain((pairs) =>
    fc.tuple(fc.constant(pairs), fc.shuffledSubarray(pairs, { minLength: pairs.length })),
  );

  fc.assert(
    fc.property(shuffled, ([pairs, order]) => {
      const trie = trieOf(pairs);
      expect(trie.levels).toBe(beginnings(pairs).size);
      for (const { filter, taker } of order) trie.remove(filter, taker);
      expect({ size: trie.size, levels: trie.levels }).toEqual({ size: 0, levels: 0 });
    }),
    { numRuns: 500 },
  );
});

/** Every path of levels that leads to a filter's end; a last `#` is no level of its own. */
function beginnings(pairs: readonly Pair[]): ReadonlySet<string> {
  const paths = pairs.flatMap(({ filter }) => {
    const names = filter.split("/");
    const kept = names.at(-1) === "#" ? names.slice(0, -1) : names;
    return kept.map((_name, index) => JSON.stringify(kept.slice(0, index + 1)));
  });
  return new Set(paths);
}

test("names that every object inherits are names like others", () => {
  const trie = trieOf([{ filter: "constructor/__proto__", taker: "one", grade: 1 }]);

  expect(trie.match("constructor/__proto__").get("one")).toBe(1);
  expect(trie.match("constructor/toString").size).toBe(0);
  expect(trie.match("hasOwnProperty").size).toBe(0);
});

test("a topic as deep as a packet has room for is matched without a stack that overflows", () => {
  const topic = Array.from({ length: 1000 }, () => "a").join("/");
  const trie = trieOf([{ filter: topic.replaceAll("a", "+"), taker: "one", grade: 1 }]);

  expect([...trie.match(topic)]).toEqual([["one", 1]]);
});

test("cleared, it is as new", () => {
  const trie = trieOf([{ filter: "a/+/b", taker: "one", grade: 0 }]);

  trie.clear();

  expect({ size: trie.size, levels: trie.levels, found: trie.match("a/x/b").size }).toEqual({
    size: 0,
    levels: 0,
    found: 0,
  });
});
