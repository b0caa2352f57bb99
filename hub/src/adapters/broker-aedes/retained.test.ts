import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import fc from "fast-check";
import { micros, millis } from "@interactor/shared/kernel/units";
import { type BrokerStore, noBrokerStore, type Qos, type StoreChange } from "../../ports/broker-store.ts";
import { Message } from "./message.ts";
import { RetainedMessages } from "./retained.ts";
import type { RetainedLimits } from "./retained-quota.ts";
import { TopicTrie } from "./topic-trie.ts";

const room: RetainedLimits = {
  retainedMax: 1000,
  retainedBytesMax: 1_000_000,
  retainedPerClientMax: 1000,
  retainedBytesPerClientMax: 1_000_000,
  retainedAgeMax: millis(1000),
};
/** What a message costs beside its topic and payload. */
const overhead = 256;

function message(topic: string, payload: string, qos: Qos = 0): Message {
  return new Message({ topic, payload: Buffer.from(payload), qos, retain: true });
}

/** A store of its own kind, which remembers what it was told. */
function storeOf(kept: BrokerStore["kept"] = noBrokerStore.kept) {
  const told: StoreChange[] = [];
  const store: BrokerStore = { ...noBrokerStore, kept, write: (change) => void told.push(change) };
  return { store, told };
}

/** `now`: what its clock shows, in microseconds. */
function retainedOf(given: Partial<RetainedLimits> = {}, kept = noBrokerStore.kept) {
  const { store, told } = storeOf(kept);
  const faults: string[] = [];
  const world = { now: 0, faults, told };
  const retained = new RetainedMessages(
    { ...room, ...given },
    {
      store,
      wall: () => micros(world.now),
      faulted: (reason, words) => void faults.push(`${reason}: ${words}`),
    },
  );
  return Object.assign(world, { retained });
}

/** Topics that a search finds, looking at so many branches at a time. */
function topicsOf(retained: RetainedMessages, filter: string, stepsMax = 3): string[] {
  const search = retained.search(filter);
  const found: string[] = [];
  while (!search.isDone) {
    const next = search.next(stepsMax);
    if (next !== undefined) found.push(next.topic);
  }
  return found;
}

const name = fc.constantFrom("", "a", "b", "$", "$a");
const topic = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
const filter = fc
  .tuple(fc.array(fc.oneof(name, fc.constant("+")), { maxLength: 3 }), fc.constantFrom("", "a", "+", "#"))
  .map(([names, last]) => [...names, last].join("/"));

test("finds for a filter what a search through a plain map finds, whatever came and went", () => {
  const step = fc.tuple(topic, fc.constantFrom("", "1", "22", "333"));

  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(filter, { maxLength: 12 }), (steps, filters) => {
      const { retained } = retainedOf();
      const model = new Map<string, string>();
      for (const [topic, payload] of steps) {
        expect(retained.take(message(topic, payload), "someone")).toBe(true);
        if (payload === "") model.delete(topic);
        else model.set(topic, payload);
      }
      const bytes = [...model].reduce(
        (sum, [topic, payload]) => sum + topic.length + payload.length + overhead,
        0,
      );
      expect(retained.usage).toEqual({ messages: model.size, bytes });
      for (const [topic] of steps) expect(retained.get(topic)?.payload.toString()).toBe(model.get(topic));
      for (const filter of filters)
        expect(topicsOf(retained, filter).toSorted()).toEqual(matching(model, filter).toSorted());
    }),
    { numRuns: 500 },
  );
});

/** By the trie of filters, which goes the other way: one filter, and each topic looked up in it. */
function matching(model: ReadonlyMap<string, string>, filter: string): string[] {
  const trie = new TopicTrie<string, 0>();
  trie.add(filter, "asker", 0);
  return [...model.keys()].filter((topic) => trie.match(topic).size > 0);
}

test("more messages than there is room for are refused, and one that goes makes room", () => {
  const { retained, told } = retainedOf({ retainedMax: 2 });
  retained.take(message("a", "1"), "someone");
  retained.take(message("b", "1"), "someone");

  expect(retained.take(message("c", "1"), "someone")).toBe(false);
  expect(retained.get("c")).toBeUndefined();
  expect(told.length).toBe(2);

  retained.take(message("a", ""), "someone");
  expect(retained.take(message("c", "1"), "someone")).toBe(true);
  expect(retained.usage.messages).toBe(2);
});

test("a message that replaces one counts once, in messages and in bytes", () => {
  const limits = { retainedMax: 1, retainedBytesMax: 1 + 100 + overhead };
  const { retained } = retainedOf(limits);

  for (const length of [100, 1, 50, 100])
    expect(retained.take(message("a", "x".repeat(length)), "someone")).toBe(true);

  expect(retained.usage).toEqual({ messages: 1, bytes: limits.retainedBytesMax });
});

test("more bytes than there is room for are refused, and what was there stays", () => {
  const { retained, told } = retainedOf({ retainedMax: 10, retainedBytesMax: 1 + 100 + overhead });
  retained.take(message("a", "old"), "someone");

  expect(retained.take(message("a", "x".repeat(101)), "someone")).toBe(false);

  expect(retained.get("a")?.payload.toString()).toBe("old");
  expect(retained.usage).toEqual({ messages: 1, bytes: 1 + 3 + overhead });
  expect(told.length).toBe(1);
});

test("a client sets no more than its share, and another one still can", () => {
  const byCount = retainedOf({ retainedMax: 10, retainedPerClientMax: 5 });
  const byBytes = retainedOf({ retainedBytesMax: 10_000, retainedBytesPerClientMax: 5000 });
  for (const { retained } of [byCount, byBytes]) {
    let set = 0;
    while (retained.take(message(`a/${set}`, "x".repeat(1000 - overhead - 3)), "greedy")) set += 1;
    expect(set).toBe(5);
    expect(retained.take(message("a/0", "again"), "greedy")).toBe(true);
    expect(retained.take(message("b", "1"), "other")).toBe(true);
    expect(topicsOf(retained, "#").length).toBe(6);
  }
});

test("when all room is taken, the oldest of whoever holds most gives way to those who hold less", () => {
  const { retained, told, faults } = retainedOf({ retainedMax: 100, retainedPerClientMax: 50 });
  for (const owner of ["one", "two"])
    for (let each = 0; each < 50; each += 1) retained.take(message(`${owner}/${each}`, "x"), owner);
  retained.take(message("one/0", "newer"), "one");
  expect(retained.usage.messages).toBe(100);

  for (let each = 0; each < 200; each += 1) retained.take(message(`late/${each}`, "x"), "late");

  expect(retained.usage.messages).toBeLessThanOrEqual(100);
  const held = ["one", "two", "late"].map((owner) => topicsOf(retained, `${owner}/#`));
  for (const topics of held) expect(topics.length).toBeGreaterThanOrEqual(29);
  expect(held[0]).toContain("one/0");
  expect(held[0]).not.toContain("one/1");
  expect(retained.take(message("modest", "x"), "modest")).toBe(true);
  expect(faults[0]).toMatch(/^retained-quota: the oldest retained messages of one /);
  const gone = told.filter(({ kind }) => kind === "retained-gone").length;
  expect(told.length - 2 * gone).toBeGreaterThanOrEqual(retained.usage.messages);
});

test("a message that nobody sets again goes when it is too old, also one that a store kept", () => {
  const kept = (topic: string, at: number) =>
    ({ topic, payload: Buffer.from("kept"), qos: 0, owner: "someone", at: micros(at) }) as const;
  const world = retainedOf({}, { sessions: [], retained: [kept("new", 0), kept("old", -1_000_001)] });
  const { retained, told } = world;
  retained.take(message("ix/1/birth", "1"), "agent");
  expect(topicsOf(retained, "#")).toEqual(["new", "ix/1/birth"]);

  world.now = 600_000;
  retained.take(message("newer", "1"), "someone");
  world.now = 1_000_001;
  retained.expire();

  expect(topicsOf(retained, "#")).toEqual(["ix/1/birth", "newer"]);
  expect(told.map((change) => ("topic" in change ? change.topic : change.kind))).toEqual([
    "old",
    "retained",
    "new",
  ]);
  expect(retained.usage.messages).toBe(1);
});

test("a search goes on where it was, whatever comes and goes, and leaves out what was set after it began", () => {
  const { retained } = retainedOf();
  for (let each = 0; each < 10; each += 1) retained.take(message(`a/${each}`, "x"), "someone");
  const search = retained.search("a/+");
  expect(search.next(100)?.topic).toBe("a/0");

  retained.take(message("a/1", ""), "someone");
  retained.take(message("a/2", "newer"), "someone");
  retained.take(message("a/new", "x"), "someone");

  const found: (string | undefined)[] = [];
  while (!search.isDone) found.push(search.next(100)?.topic);
  expect(found).toEqual(["a/3", "a/4", "a/5", "a/6", "a/7", "a/8", "a/9", undefined]);
});

test("a search stops after so many branches, although it found nothing", () => {
  const { retained } = retainedOf();
  for (let each = 0; each < 100; each += 1) retained.take(message(`a/${each}`, "x"), "someone");
  const search = retained.search("+/+/x");

  expect(search.next(50)).toBeUndefined();

  expect(search).toMatchObject({ isDone: false, steps: 50 });
});

test("an empty message takes the retained one away, with all that led to it", () => {
  const { retained, told } = retainedOf();
  retained.take(message("a/b/c", "1"), "someone");
  retained.take(message("a/b", "2"), "someone");

  retained.take(message("a/b/c", ""), "someone");
  expect(topicsOf(retained, "#")).toEqual(["a/b"]);
  retained.take(message("a/b", ""), "someone");

  expect(topicsOf(retained, "#")).toEqual([]);
  expect(retained.usage).toEqual({ messages: 0, bytes: 0 });
  expect(told.slice(2)).toEqual([
    { kind: "retained-gone", topic: "a/b/c" },
    { kind: "retained-gone", topic: "a/b" },
  ]);
});

test("an empty message where nothing is retained is nothing, and is not told to the store", () => {
  const { retained, told } = retainedOf();
  retained.take(message("a/b", "1"), "someone");

  for (const topic of ["a", "a/b/c", "x", ""]) retained.take(message(topic, ""), "someone");

  expect(topicsOf(retained, "#")).toEqual(["a/b"]);
  expect(told.length).toBe(1);
});

test("what the hub and its agents retain is neither counted nor kept", () => {
  const { retained, told } = retainedOf({ retainedMax: 0, retainedBytesMax: 0 });

  expect(retained.take(message("ix/1/birth", "1"), "agent")).toBe(true);
  expect(retained.take(message("ix/10/birth", "1"), "agent")).toBe(false);
  expect(retained.take(message("ix/1", "1"), "agent")).toBe(false);

  expect(topicsOf(retained, "ix/#")).toEqual(["ix/1/birth"]);
  expect(retained.usage).toEqual({ messages: 0, bytes: 0 });
  expect(told).toEqual([]);
});

test("what a store kept is there again, and is not told to it a second time", () => {
  const kept = {
    sessions: [],
    retained: [{ topic: "a/b", payload: Buffer.from("kept"), qos: 1, owner: "someone", at: micros(0) }],
  } as const;

  const { retained, told } = retainedOf({}, kept);

  expect(retained.get("a/b")?.payload.toString()).toBe("kept");
  expect(retained.get("a/b")?.qos).toBe(1);
  expect(retained.usage).toEqual({ messages: 1, bytes: 3 + 4 + overhead });
  expect(told).toEqual([]);
});

test("a retained message is a copy, and goes out marked as retained at any QoS", () => {
  const { retained } = retainedOf();
  const payload = Buffer.from("first");
  retained.take(new Message({ topic: "a", payload, qos: 2, retain: true }), "someone");
  payload.fill(0);

  const found = retained.get("a");

  expect(found?.payload.toString()).toBe("first");
  expect(found?.packet).toEqual(Buffer.from([0x31, 8, 0, 1, 97, ...Buffer.from("first")]));
  expect(found?.message().packet(2, true)).toEqual(
    Buffer.from([0x35, 10, 0, 1, 97, 0, 0, ...Buffer.from("first")]),
  );
});

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

// Its packet is a piece of Node's pool of 64 KiB and keeps all of that alive: 10,000 small messages that came among
// others cost 650 MB instead of the 2.6 MB they count for.
test("a retained message keeps alive no more than its own bytes", () => {
  const { retained } = retainedOf();
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;

  for (let index = 0; index < 1000; index += 1) {
    retained.take(message(`a/${index}`, "x"), "someone");
    // What passes meanwhile, and is forgotten.
    for (let passing = 0; passing < 300; passing += 1) message("b", "x".repeat(200)).sharedPacket();
  }

  collectGarbage();
  expect(retained.usage.messages).toBe(1000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
});
