import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import fc from "fast-check";
import { type BrokerStore, noBrokerStore, type Qos, type StoreChange } from "../../ports/broker-store.ts";
import { Message } from "./message.ts";
import { RetainedMessages } from "./retained.ts";
import { TopicTrie } from "./topic-trie.ts";

const room = { retainedMax: 1000, retainedBytesMax: 1_000_000 };
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

function retainedOf(limits = room) {
  const { store, told } = storeOf();
  return { retained: new RetainedMessages(limits, store), told };
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
        expect(retained.topics(filter).toSorted()).toEqual(matching(model, filter).toSorted());
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
  const { retained, told } = retainedOf({ ...room, retainedMax: 2 });
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

test("an empty message takes the retained one away, with all that led to it", () => {
  const { retained, told } = retainedOf();
  retained.take(message("a/b/c", "1"), "someone");
  retained.take(message("a/b", "2"), "someone");

  retained.take(message("a/b/c", ""), "someone");
  expect(retained.topics("#")).toEqual(["a/b"]);
  retained.take(message("a/b", ""), "someone");

  expect(retained.topics("#")).toEqual([]);
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

  expect(retained.topics("#")).toEqual(["a/b"]);
  expect(told.length).toBe(1);
});

test("what the hub and its agents retain is neither counted nor kept", () => {
  const { retained, told } = retainedOf({ retainedMax: 0, retainedBytesMax: 0 });

  expect(retained.take(message("ix/1/birth", "1"), "agent")).toBe(true);
  expect(retained.take(message("ix/10/birth", "1"), "agent")).toBe(false);
  expect(retained.take(message("ix/1", "1"), "agent")).toBe(false);

  expect(retained.topics("ix/#")).toEqual(["ix/1/birth"]);
  expect(retained.usage).toEqual({ messages: 0, bytes: 0 });
  expect(told).toEqual([]);
});

test("what a store kept is there again, and is not told to it a second time", () => {
  const kept = {
    sessions: [],
    retained: [{ topic: "a/b", payload: Buffer.from("kept"), qos: 1, owner: "someone" }],
  } as const;
  const { store, told } = storeOf(kept);

  const retained = new RetainedMessages(room, store);

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
