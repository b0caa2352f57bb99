import { micros, millis } from "@interactor/shared/kernel/units";
import { quality } from "@interactor/shared/wire/entry";
import type { Command } from "@interactor/shared/wire/messages/command";
import { encodeHubMetric, encodeHubState } from "@interactor/shared/wire/messages/hub-state";
import { encodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { encodeReply, type ReplyDocument } from "@interactor/shared/wire/messages/reply";
import { requestOf } from "@interactor/shared/wire/request";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import { expect, test } from "vitest";
import { hubSilenceMax } from "./limits.ts";
import { Live } from "./live.ts";
import { birthWith, sessionNumber } from "./testing.ts";

const topics = siteTopics("demo");
const session = sessionNumber(7);

const metric = encodeHubMetric({
  v: 1,
  at: 1_000_000_000,
  messagesPerSecond: 42,
  latencyP50Ms: 1,
  latencyP99Ms: null,
});
const hubState = (kind: "birth" | "death"): Uint8Array =>
  encodeHubState({ v: 1, kind, session, version: "0.1.0", at: 0 });
const birth = encodeNodeState(
  birthWith({
    dmx: { module: "dmx", version: "1.0.0", inputs: { ch: { type: "int", count: 512 } }, outputs: {} },
  }),
);
const valueOne = encodePublicValue({ at: micros(1_000_000_000), quality: quality.good, flags: 0, value: 1 });

class Page {
  at = 0;
  asked = 0;
  readonly sent: Command[] = [];
  readonly stopped: (readonly [zone: string, latched: boolean])[] = [];
  readonly live = new Live({
    site: "demo",
    wall: () => this.at,
    monotonic: () => this.at,
    newRequest: () => requestOf(new Uint8Array(8).fill(++this.asked)),
    send: (_address, command) => {
      this.sent.push(command);
      return "sent";
    },
    stop: (zone, latch) => {
      this.stopped.push([zone, latch.latched]);
      return () => undefined;
    },
    newId: () => "press",
  });

  connected(): this {
    this.live.socketUp();
    return this.hears(topics.hubState, hubState("birth")).hears(topics.hubMetric, metric);
  }

  hears(topic: string, payload: Uint8Array): this {
    this.live.receive(topic, payload);
    return this;
  }

  get link(): string {
    this.live.beat();
    return this.live.hub.value.link;
  }
}

test("the hub is connected while it speaks and lost within four seconds of silence", () => {
  const page = new Page();
  const before = page.link;

  const whileItSpeaks = page.connected().link;
  page.at += hubSilenceMax + 250;

  expect([before, whileItSpeaks, page.link]).toEqual(["connecting", "connected", "lost"]);
});

test("the hub is lost with its socket, and back with the next word on the next one", () => {
  const page = new Page().connected();
  page.live.socketDown();

  expect(page.live.hub.value.link).toBe("lost");
  expect(page.connected().link).toBe("connected");
});

test("the hub's own death is believed", () => {
  expect(new Page().connected().hears(topics.hubState, hubState("death")).link).toBe("lost");
});

test("a node is there by its birth and unknown when the hub is lost", () => {
  const page = new Page().connected().hears(nodeTopics("demo", "stage").state, birth);
  page.live.beat();

  const whileConnected = page.live.stateOf("stage");
  page.live.socketDown();

  expect([whileConnected, page.live.stateOf("stage")]).toEqual(["init", "unknown"]);
});

test("channels of a universe have no history of their own", () => {
  const page = new Page().connected().hears(nodeTopics("demo", "stage").state, birth);

  for (const port of ["ch7", "level"]) {
    page.hears(topics.value({ node: "stage", instance: "dmx", port }), valueOne);
  }

  expect(page.live.values.get("stage", "dmx", "ch7")?.history).toBeUndefined();
  expect(page.live.values.get("stage", "dmx", "level")?.history).toBeDefined();
});

test("messages that cannot be read change nothing and are counted", () => {
  const page = new Page().connected();
  const random = Uint8Array.of(0xff, 0x01, 0x02);

  for (const topic of [
    nodeTopics("demo", "stage").state,
    nodeTopics("demo", "stage").reported,
    topics.hubState,
    topics.hubMetric,
    topics.value({ node: "stage", instance: "dmx", port: "level" }),
    "ix/1/demo/n/stage/log",
    "elsewhere",
  ]) {
    page.hears(topic, random);
  }

  expect(page.link).toBe("connected");
  expect(page.live.troubles.value).toEqual({ unreadable: 7, refused: 0 });
  expect(page.live.nodes.value.size).toBe(0);
});

test("nothing is sent to a hub that is lost", () => {
  const page = new Page().connected();
  const address = { node: "stage", instance: "dmx", port: "level" };
  const command: Command = { kind: "release", ttl: millis(1000), by: "dashboard" };
  page.live.beat();

  const first = page.live.send(address, command);
  page.live.socketDown();

  expect([first, page.live.send(address, command)]).toEqual(["sent", "hub-lost"]);
  expect(page.sent).toHaveLength(1);
});

test("what became of a command is told to who sent it, and answers to others pass by", () => {
  const page = new Page().connected();
  const told: (readonly [number, ReplyDocument])[] = [];
  const command = { kind: "release", ttl: millis(1), by: "dashboard" } as const;
  for (const number of [1, 2])
    page.live.send({ node: "pi", instance: "a", port: "b" }, command, (reply) => told.push([number, reply]));
  const reply = (byte: number): ReplyDocument => ({
    v: 1,
    kind: "reply",
    request: requestOf(new Uint8Array(8).fill(byte)),
    outcome: "done",
  });

  for (const byte of [9, 2, 2]) page.hears(topics.reply(reply(byte).request), encodeReply(reply(byte)));

  expect(told).toEqual([[2, reply(2)]]);
});
