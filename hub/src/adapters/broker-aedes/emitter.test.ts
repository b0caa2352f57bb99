import { createRequire } from "node:module";
import { setImmediate as turn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { Qos } from "../../ports/broker-store.ts";
import { Emitter, type EmittedPacket, type Subscriber } from "./emitter.ts";
import { Message } from "./message.ts";

type Contract = (options: {
  readonly builder: (options?: object) => Emitter;
  readonly test: (name: string, run: (check: Check) => Promise<void>) => void;
}) => void;

interface Case {
  readonly name: string;
  readonly run: (check: Check) => Promise<void>;
}

/** What the contract calls `t`, of which it uses this much. */
interface Check {
  plan(count: number): void;
  fail(words: string): void;
  readonly assert: {
    ok(value: unknown, words?: string): void;
    equal(value: unknown, expected: unknown, words?: string): void;
    deepEqual(value: unknown, expected: unknown): void;
    ifError(error: unknown): void;
  };
}

/** Aedes's own mqemitter is the one whose place we take. */
const contract: Contract = createRequire(createRequire(import.meta.url).resolve("aedes"))(
  "mqemitter/abstractTest.js",
);

/** Cases about what MQTT has one way of. Aedes asks for none of these, and a level may be empty [MQTT-4.7.1-3]. */
const leftOut = [
  "support changing one level wildcard",
  "support changing deep wildcard",
  "support changing the level separator",
  "support one level wildcard - not match empty words",
];

const cases: Case[] = [];
const others: string[] = [];
contract({
  builder: () => new Emitter(),
  test: (name, run) => (leftOut.includes(name) ? void others.push(name) : void cases.push({ name, run })),
});

/** What does not hold is said at the end: a case asks in callbacks, where an exception would reach nobody. */
async function runCase(run: Case["run"]): Promise<void> {
  let planned: number | undefined;
  let checked = 0;
  const wrong: string[] = [];
  const check = (isRight: boolean, words = "a check of the contract") => {
    checked += 1;
    if (!isRight) wrong.push(words);
  };
  await run({
    plan: (count) => void (planned = count),
    fail: (words) => void wrong.push(words),
    assert: {
      ok: (value, words) => check(Boolean(value), words),
      equal: (value, expected, words) => check(value === expected, words),
      deepEqual: (value, expected) => check(isDeepStrictEqual(value, expected)),
      ifError: (error) => check(error === null || error === undefined),
    },
  });
  expect(wrong).toEqual([]);
  if (planned !== undefined) expect(checked).toBe(planned);
}

describe("mqemitter's own contract", () => {
  for (const { name, run } of cases) test(name, async () => runCase(run));

  test("is run whole, but for what has one way in MQTT", () => {
    expect(cases.length).toBe(19);
    expect(others.toSorted()).toEqual(
      [...leftOut, "support one level wildcard - not match empty words"].toSorted(),
    );
  });
});

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** A subscriber that notes what it gets. */
function subscriberOf() {
  const got: string[] = [];
  const subscriber: Subscriber = {
    deliver: ({ topic, payload }, qos) => void got.push(`${topic} ${payload.toString()} at ${qos}`),
  };
  return { subscriber, got };
}

function message(topic: string, text = "x", qos: Qos = 2): Message {
  return new Message({ topic, payload: Buffer.from(text), qos, retain: false });
}

describe("delivery to clients", () => {
  test("filters that overlap bring a message once, at the highest QoS granted", () => {
    const emitter = new Emitter();
    const { subscriber, got } = subscriberOf();
    for (const [filter, qos] of [
      ["a/#", 0],
      ["a/+", 2],
      ["a/b", 1],
      ["#", 0],
    ] as const)
      emitter.subscribe(filter, subscriber, qos);

    for (const qos of [0, 1, 2] as const) emitter.deliver(message("a/b", "x", qos));

    expect(got).toEqual(["a/b x at 0", "a/b x at 1", "a/b x at 2"]);
    expect(emitter.subscriptions).toBe(4);
  });

  test("a wildcard in front does not bring what begins with $", () => {
    const emitter = new Emitter();
    const [all, system] = [subscriberOf(), subscriberOf()];
    emitter.subscribe("#", all.subscriber, 0);
    emitter.subscribe("+/a", all.subscriber, 0);
    emitter.subscribe("$SYS/#", system.subscriber, 0);

    emitter.deliver(message("$SYS/a"));
    emitter.deliver(message("x/a"));

    expect(all.got).toEqual(["x/a x at 0"]);
    expect(system.got).toEqual(["$SYS/a x at 0"]);
  });

  test("who comes and goes is known at the next message, also for a topic that was asked for before", () => {
    const emitter = new Emitter();
    const { subscriber, got } = subscriberOf();

    emitter.deliver(message("a", "before"));
    emitter.subscribe("a", subscriber, 0);
    emitter.deliver(message("a", "here"));
    emitter.subscribe("a", subscriber, 1);
    emitter.deliver(message("a", "raised"));
    expect(emitter.unsubscribe("a", subscriber)).toBe(true);
    emitter.deliver(message("a", "after"));

    expect(got).toEqual(["a here at 0", "a raised at 1"]);
    expect(emitter.unsubscribe("a", subscriber)).toBe(false);
    expect({ subscriptions: emitter.subscriptions, levels: emitter.levels }).toEqual({
      subscriptions: 0,
      levels: 0,
    });
  });

  test.each([
    ["many topics", 150_000, 100],
    ["long topics", 3000, 20_000],
  ])("%s are delivered all the same, and the memory of them has a bound", (_words, count, length) => {
    const emitter = new Emitter();
    let delivered = 0;
    emitter.subscribe("a/#", { deliver: () => void (delivered += 1) }, 0);
    const before = heapUsed();

    for (let index = 0; index < count; index += 1) emitter.deliver(message(`a/${index}`.padEnd(length, "x")));

    // Remembered all, they would take three times as much and more.
    expect(heapUsed() - before).toBeLessThan(20_000_000);
    emitter.deliver(message("a/last"));
    expect(delivered).toBe(count + 1);
  });

  test("what Aedes hands on goes to clients and listeners alike, and its retain flag does not", () => {
    const emitter = new Emitter();
    const { subscriber, got } = subscriberOf();
    const heard: EmittedPacket[] = [];
    emitter.subscribe("a", subscriber, 1);
    emitter.on("a", (packet, done) => {
      heard.push(packet);
      done();
    });

    const packet = { topic: "a", payload: "text", qos: 2, retain: true };
    emitter.emit(packet);

    expect(got).toEqual(["a text at 1"]);
    expect(heard).toEqual([packet]);
  });

  test("the end is told when every listener has called back and what is to be kept is", async () => {
    const settled: (() => void)[] = [];
    const emitter = new Emitter((done) => void settled.push(() => done()));
    const waiting: (() => void)[] = [];
    for (let count = 0; count < 2; count += 1) emitter.on("a", (_packet, done) => void waiting.push(done));
    let isDone = false;
    emitter.emit({ topic: "a" }, () => void (isDone = true));

    expect(emitter.current).toBe(1);
    waiting[0]?.();
    expect({ settled: settled.length, current: emitter.current }).toEqual({ settled: 0, current: 1 });
    waiting[1]?.();
    expect({ settled: settled.length, current: emitter.current, isDone }).toEqual({
      settled: 1,
      current: 0,
      isDone: false,
    });
    settled[0]?.();
    expect(isDone).toBe(true);
    await turn();
  });

  test("40,000 messages in one go reach who stays, in order, while another leaves in the middle", async () => {
    const emitter = new Emitter();
    const [stays, leaves] = [subscriberOf(), subscriberOf()];
    const gone: Subscriber = {
      deliver(message, qos) {
        leaves.subscriber.deliver(message, qos);
        if (leaves.got.length === 20_000) emitter.unsubscribe("a/#", gone);
      },
    };
    emitter.subscribe("a/#", gone, 0);
    emitter.subscribe("a/+", stays.subscriber, 0);
    let heard = 0;
    const listener = (_packet: EmittedPacket, done: () => void) => {
      heard += 1;
      if (heard === 10_000) emitter.removeListener("a/b", listener);
      setImmediate(done);
    };
    emitter.on("a/b", listener);
    let done = 0;

    for (let index = 0; index < 40_000; index += 1)
      emitter.emit({ topic: "a/b", payload: String(index) }, () => void (done += 1));
    while (emitter.current > 0) await turn();

    expect(stays.got.length).toBe(40_000);
    expect(stays.got.every((words, index) => words === `a/b ${index} at 0`)).toBe(true);
    expect(leaves.got.length).toBe(20_000);
    expect({ heard, done }).toEqual({ heard: 40_000, done: 40_000 });
    emitter.emit({ topic: "a/b" });
    expect(heard).toBe(40_000);
  });

  test("40,000 messages, each set off by the end of the one before, overflow no stack", async () => {
    const emitter = new Emitter();
    const { subscriber, got } = subscriberOf();
    emitter.subscribe("a", subscriber, 0);
    emitter.on("a", (_packet, done) => done());

    await new Promise<void>((resolve) => {
      const next = (index: number) => {
        if (index === 40_000) return resolve();
        // As Aedes does after each packet it has written.
        emitter.emit({ topic: "a", payload: String(index) }, () => setImmediate(next, index + 1));
      };
      next(0);
    });

    expect(got.length).toBe(40_000);
  });
});

describe("what finding takers costs", () => {
  test("a topic that makes many filters be walked costs work in proportion, once", () => {
    const emitter = new Emitter();
    const levels = 12;
    const name = "n".repeat(30);
    for (let each = 0; each < 2 ** levels; each += 1) {
      const filter = Array.from({ length: levels }, (_, at) => ((each >> at) & 1 ? "+" : name)).join("/");
      emitter.subscribe(filter, subscriberOf().subscriber, 0);
    }
    const topic = Array.from({ length: levels }, () => name).join("/");

    emitter.deliver(message("another"));
    const before = emitter.work;
    emitter.deliver(message(topic));
    const work = emitter.work - before;
    emitter.deliver(message(topic));

    expect(topic.length).toBeGreaterThan(256);
    expect(before).toBe(0);
    expect(work).toBe(Math.floor((2 ** (levels + 1) + 1) / 16));
    expect(emitter.work - before).toBe(work);
  });

  test("what is remembered of topics is bounded by its weight: takers and long names count", () => {
    const emitter = new Emitter();
    const subscriber: Subscriber = { deliver: () => undefined };
    for (let each = 0; each < 1000; each += 1)
      emitter.subscribe("#", { deliver: (...told) => subscriber.deliver(...told) }, 0);
    emitter.subscribe("+/#", subscriber, 0);
    const before = heapUsed();

    let most = 0;
    for (let each = 0; each < 5000; each += 1) {
      emitter.deliver(message(`${"x".repeat(500)}/${each}`));
      most = Math.max(most, emitter.cachedBytes);
    }

    expect(most).toBeGreaterThan(3_000_000);
    expect(most).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(heapUsed() - before).toBeLessThan(12_000_000);
  });
});
