/**
 * Runs where the hub stands: speaks into the nodes' serial lines, and sees what comes of it at the hub and in the
 * light. All on one clock, so that it can say how long things take.
 */

import { randomBytes } from "node:crypto";
import { constants, openSync, writeSync } from "node:fs";
import { type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import { encodeCommand } from "@interactor/shared/wire/messages/command";
import { decodePublicValue } from "@interactor/shared/wire/messages/public-value";
import { decodeReply } from "@interactor/shared/wire/messages/reply";
import { parseSiteAddress } from "@interactor/shared/wire/names";
import { requestOf } from "@interactor/shared/wire/request";
import { siteTopics } from "@interactor/shared/wire/topics";
import { connectAsync, type MqttClient } from "mqtt";
import { Light } from "../light.ts";
import { answerRequests } from "../remote.ts";

export type WatcherQuestion =
  | { readonly kind: "get"; readonly url: string }
  /** Opens a receiver of light for each line; the answer is their ports. */
  | {
      readonly kind: "lights";
      readonly address: string;
      readonly lines: readonly { readonly node: string; readonly device: string }[];
    }
  /** Listens to values and replies from now on. */
  | { readonly kind: "watch"; readonly mqtt: string }
  /** All lines speak from now on; `every` in ms. */
  | { readonly kind: "talk"; readonly every: number }
  /** These lines fall silent, and only these. Without `nodes`: all. */
  | { readonly kind: "hush"; readonly nodes?: readonly string[] }
  /** Delays are told of what is said after this. */
  | { readonly kind: "mark" }
  | { readonly kind: "look" }
  | { readonly kind: "delays" }
  /** The answer is the request's id. */
  | { readonly kind: "command"; readonly address: string; readonly value: number; readonly ttl: number };

const site = siteTopics("demo");
/** Levels that a line says in turn; 0 is what a light shows that nobody drives. */
const levelMax = 250;
/** A level that has not been seen by then comes too late to be told from the next one of its kind. */
const seenWithin = 20_000;

interface Said {
  readonly level: number;
  readonly at: number;
}

/** One node's serial line, with what was said into it and when that was seen. */
class Line {
  readonly node: string;
  readonly light: Light;
  readonly #device: number;
  readonly #said: Said[] = [];
  readonly #valueAt = new Map<Said, number>();
  isHushed = false;
  count = 0;
  level = 0;

  constructor(node: string, device: string, light: Light) {
    this.node = node;
    this.light = light;
    // A process that is stopped does not read its line: it shall not stop us too.
    this.#device = openSync(device, constants.O_RDWR | constants.O_NONBLOCK);
  }

  say(): void {
    if (this.isHushed) return;
    const level = (this.count % levelMax) + 1;
    writeSync(this.#device, `{"level": ${level}, "count": ${this.count + 1}}\n`);
    this.count += 1;
    this.level = level;
    this.#said.push({ level, at: performance.now() });
  }

  valueCame(level: unknown): void {
    const now = performance.now();
    const said = this.#said.findLast((each) => each.level === level && each.at > now - seenWithin);
    if (said !== undefined && !this.#valueAt.has(said)) this.#valueAt.set(said, now);
  }

  /** How long what was said since `from` took to the hub's values; `null`: it was not seen, a newer one was. */
  valueDelays(from: number): readonly (number | null)[] {
    return this.#since(from).map((said) => {
      const at = this.#valueAt.get(said);
      return at === undefined ? null : at - said.at;
    });
  }

  /** The same to the light of the node that the hub routes it to. */
  lightDelays(from: number, next: Light): readonly (number | null)[] {
    return this.#since(from).map((said) => {
      const frame = next.frames.find(({ at, levels }) => at >= said.at && levels[0] === said.level);
      return frame === undefined ? null : frame.at - said.at;
    });
  }

  /** The last second's may still be on their way. */
  #since(from: number): readonly Said[] {
    return this.#said.filter(({ at }) => at >= from && at < performance.now() - 1000);
  }
}

let lines: readonly Line[] = [];
let client: MqttClient | undefined;
const values = new Map<string, unknown>();
const replies = new Map<string, string>();
let timer: NodeJS.Timeout | undefined;
let markedAt = 0;

answerRequests(async (asked) => {
  const question = asked as WatcherQuestion;
  switch (question.kind) {
    case "get": {
      const response = await fetch(question.url, { signal: AbortSignal.timeout(2000) });
      return { status: response.status, text: await response.text() };
    }
    case "lights":
      return openLights(question.address, question.lines);
    case "watch":
      return watch(question.mqtt);
    case "talk":
      clearInterval(timer);
      timer = setInterval(() => lines.forEach((line) => line.say()), question.every);
      return undefined;
    case "hush":
      for (const line of lines) line.isHushed = question.nodes?.includes(line.node) ?? true;
      return undefined;
    case "mark":
      return void (markedAt = performance.now());
    case "look":
      return look();
    case "delays":
      return delays();
    case "command":
      return command(question.address, question.value, millis(question.ttl));
    default:
      throw new Error(`unknown question ${JSON.stringify(question satisfies never)}`);
  }
});

async function openLights(
  address: string,
  asked: readonly { readonly node: string; readonly device: string }[],
): Promise<readonly number[]> {
  lines = await Promise.all(
    asked.map(async ({ node, device }) => new Line(node, device, await Light.open(address))),
  );
  return lines.map(({ light }) => light.port);
}

async function watch(url: string): Promise<void> {
  client = await connectAsync(url, { clientId: "watcher", reconnectPeriod: 200 });
  client.on("error", () => undefined);
  const byTopic = new Map(lines.map((line) => [`${site.valueRoot}/${line.node}/desk/level`, line]));
  client.on("message", (topic, payload) => {
    if (topic.startsWith(site.valueRoot)) {
      const decoded = decodePublicValue(payload);
      if (!decoded.ok) return;
      values.set(topic.slice(site.valueRoot.length + 1), decoded.value.value);
      byTopic.get(topic)?.valueCame(decoded.value.value);
      return;
    }
    const reply = decodeReply(payload);
    if (reply.ok)
      replies.set(reply.value.request, `${reply.value.outcome} ${reply.value.reason ?? ""}`.trim());
  });
  await client.subscribeAsync([site.values, site.replies], { qos: 1 });
}

function look() {
  return {
    nodes: lines.map((line) => {
      return {
        node: line.node,
        said: { level: line.level, count: line.count },
        value: { level: values.get(`${line.node}/desk/level`), count: values.get(`${line.node}/desk/count`) },
        channels: [1, 2, 3, 4].map((channel) => line.light.level(channel) ?? 0),
        /** Whether channel 3 was ever lit. */
        wasThirdLit: line.light.looks(3).some((level) => level > 0),
      };
    }),
    replies: Object.fromEntries(replies),
  };
}

/** By node: how long what it said since the mark took to the hub's value, and to the light of the next node. */
function delays() {
  return lines.map((line, index) => {
    const next = lines[(index + 1) % lines.length] ?? line;
    return {
      node: line.node,
      values: line.valueDelays(markedAt),
      lights: line.lightDelays(markedAt, next.light),
    };
  });
}

export type Delays = ReturnType<typeof delays>;
export type Look = ReturnType<typeof look>;

async function command(addressText: string, value: number, ttl: Millis): Promise<string> {
  const address = parseSiteAddress(addressText);
  if (!address.ok) throw new Error(`${addressText} is no address`);
  const request = requestOf(randomBytes(8));
  const command = encodeCommand({ kind: "set", value, holdFor: seconds(60), ttl, by: "watcher", request });
  await client?.publishAsync(site.set(address.value), Buffer.from(command), { qos: 1 });
  return request;
}
