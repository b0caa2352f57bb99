/**
 * The link over MQTT 3.1.1. Every attempt is a client of its own: the package's reconnecting would send its
 * own store again, but what is sent again, and in which order, is the outbox's to decide.
 */
import { Socket } from "node:net";
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { writeToStream } from "mqtt-packet";
import { Fifo } from "@interactor/shared/wire/fifo";
import { messageOf } from "@interactor/shared/kernel/fault";
import { connectTimeout, keepaliveSeconds } from "@interactor/shared/wire/limits";
import type { Connection, HubLink, LinkEvents, LinkOptions } from "../../ports/hub-link.ts";
import { Silence } from "./silence.ts";

/**
 * A process that did nothing for this long was frozen, and the hub has given the connection up. What waits in
 * its socket is as old and must not be acted on: it may be a command that expired long ago. In ms.
 */
const frozenAfter = 1500 * keepaliveSeconds;
const lookEvery = 500;
/** A goodbye that takes longer is cut off: the machine may be going down, and the hub gone. */
const goodbyeTimeout = 500;

/** Messages that wait for their turn, and their bytes: far more than the hub's window. More: the oldest is handed over at once. */
const waitingMax = 10_000;
const waitingBytesMax = 4 * 1024 * 1024;
/** Others are handed over for so long at a time, in ms; then the socket is looked at again for what is urgent. */
const turnMax = 1;

// mqtt would make a Buffer of each number up to 65535 in advance: 16 MB and 70 ms at the first connection.
writeToStream.cacheNumbers = false;

export function mqttLink(url: string): HubLink {
  return { open: (options, events) => new Attempt(url, options, events) };
}

class Attempt implements Connection {
  readonly #client: MqttClient;
  readonly #events: LinkEvents;
  #reason = "the connection was closed";
  readonly #look: NodeJS.Timeout;
  #lookedAt = performance.now();
  readonly #silence = new Silence(performance.now());
  #bytesRead = 0;
  #isClosed = false;
  /** What is not urgent, until all that has come with it was looked at. */
  readonly #waiting = new Fifo<{ readonly topic: string; readonly payload: Uint8Array }>();
  #waitingBytes = 0;
  #isTurnDue = false;

  constructor(url: string, options: LinkOptions, events: LinkEvents) {
    this.#events = events;
    this.#client = connect(clientOptions(new URL(url), options));
    // Nagle's algorithm holds what is small back until the hub's kernel confirms what went before: up to 40 ms.
    if (this.#client.stream instanceof Socket) this.#client.stream.setNoDelay(true);
    this.#client.on("connect", () => this.#subscribe(options.subscriptions));
    this.#client.on("message", (topic, payload) => {
      if (!this.#isAwake() || this.#isClosed) return;
      if (options.urgent.some((begins) => topic.startsWith(begins))) events.message(topic, payload);
      else this.#wait(topic, payload);
    });
    this.#client.on("packetreceive", () => {
      if (this.#isAwake() && !this.#isClosed) events.heard();
    });
    this.#client.on("packetsend", () => this.#silence.sent(0, performance.now()));
    this.#look = setInterval(() => this.#isAwake() && this.#keepAlive(), lookEvery);
    this.#client.on("error", (error) => {
      this.#reason = wordsFor(error);
      this.#end();
    });
    this.#client.on("close", () => this.#end());
  }

  publish(
    topic: string,
    payload: Uint8Array,
    { retain, confirmed }: Parameters<Connection["publish"]>[2],
  ): void {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#silence.sent(bytes.length, performance.now());
    this.#client.publish(topic, bytes, { qos: 1, retain }, (error) => {
      this.#silence.confirmed(bytes.length);
      if (error === undefined || error === null) confirmed?.();
    });
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, goodbyeTimeout);
    this.#client.end(false, {}, () => resolve());
    await promise;
    clearTimeout(timer);
    this.#client.end(true);
  }

  /** Whether this process ran all the time; if not, the connection is ended. */
  #isAwake(): boolean {
    const now = performance.now();
    const wasFrozen = now - this.#lookedAt > frozenAfter;
    this.#lookedAt = now;
    if (wasFrozen) {
      this.#reason = "this process was frozen for longer than the hub waits";
      this.#end();
    }
    return !wasFrozen;
  }

  /** In the place of the package's own keepalive, which is put off each time. An attempt has its own timeout. */
  #keepAlive(): void {
    const now = performance.now();
    const { stream } = this.#client;
    const { bytesRead } = stream instanceof Socket ? stream : { bytesRead: 0 };
    // Parts of a packet too: a long one takes its time on a slow line.
    if (bytesRead !== this.#bytesRead || !this.#client.connected) this.#silence.heard(now);
    this.#bytesRead = bytesRead;
    this.#client.reschedulePing(true);
    if (this.#silence.takePing(now)) this.#client.sendPing();
    if (!this.#silence.isTooLong(now)) return;
    this.#reason = "the hub says nothing any more";
    this.#end();
  }

  /**
   * The package tells of every packet of a chunk before it returns to the event loop, so whatever is urgent among
   * them has been handed over when the turn of the others comes.
   */
  #wait(topic: string, payload: Uint8Array): void {
    this.#waiting.push({ topic, payload });
    this.#waitingBytes += payload.length;
    while (this.#waiting.length > waitingMax || this.#waitingBytes > waitingBytesMax) this.#handOver();
    this.#turnSoon();
  }

  #turnSoon(): void {
    if (this.#isTurnDue || this.#waiting.length === 0) return;
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      const end = performance.now() + turnMax;
      // What a connection brought that is gone will be sent again over the next one.
      while (this.#waiting.length > 0 && !this.#isClosed && performance.now() < end) this.#handOver();
      if (!this.#isClosed) this.#turnSoon();
    });
  }

  #handOver(): void {
    const message = this.#waiting.shift();
    if (message === undefined) return;
    this.#waitingBytes -= message.payload.length;
    this.#events.message(message.topic, message.payload);
  }

  #subscribe(topics: readonly string[]): void {
    this.#client.subscribe([...topics], { qos: 1 }, (error, granted) => {
      const denied = granted?.find((each) => each.qos > 2);
      if (denied !== undefined) this.#reason = `the hub refused the subscription ${denied.topic}`;
      if (error === null && denied === undefined) return this.#events.connected();
      if (error !== null) this.#reason = wordsFor(error);
      this.#end();
    });
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#look);
    this.#client.end(true);
    this.#events.closed(this.#reason);
  }
}

const mqttPort = 1883;

/** The address in parts: the package reads a text of it with a function that Node warns about. */
function clientOptions(url: URL, { clientId, unit, will }: LinkOptions): IClientOptions {
  return {
    protocol: "mqtt",
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? mqttPort : Number(url.port),
    protocolVersion: 4,
    clientId,
    username: unit,
    clean: true,
    keepalive: keepaliveSeconds,
    connectTimeout,
    reconnectPeriod: 0,
    resubscribe: false,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
  };
}

/** CONNACK return codes 2 and 5: the hub knows another unit under this name, or has as many nodes as it may. */
function wordsFor(error: Error): string {
  const isRefused = "code" in error && (error.code === 2 || error.code === 5);
  return isRefused
    ? "the hub refused this node, its log says why: is another unit running under its name?"
    : messageOf(error);
}
