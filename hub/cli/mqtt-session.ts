/** One visit to the hub's broker, over the WebSocket that the dashboard uses too. */
import { randomBytes } from "node:crypto";
import { connect, type MqttClient } from "mqtt";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { connectTimeout, keepaliveSeconds } from "@interactor/shared/wire/limits";
import { commandFault } from "./exit.ts";
import { accountAdvice, accountIn, type HubAddress, unreachable, whereIs } from "./hub-client.ts";

/** A subscription that the broker does not confirm in this time has failed, in ms. */
const answerTimeout = 5000;
/** MQTT 3.1.1 section 3.9.3: the return code of a subscription that failed. */
const refusedSubscription = 0x80;
/** How long a lost connection rests before the next attempt, in ms. */
const reconnectDelay = 1000;

export interface Arrived {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** It was kept by the hub, and is not new. */
  readonly isRetained: boolean;
}

export interface MqttSession extends AsyncDisposable {
  /** Messages for `filter` go to the session's listener from now on. */
  subscribe(filter: string): Promise<void>;
  /** Resolves when the hub has it. */
  publish(topic: string, payload: Uint8Array): Promise<void>;
}

export interface SessionListener {
  message(arrived: Arrived): void;
  /** The connection is gone; it is made again, with its subscriptions, as soon as the hub answers. */
  lost(): void;
  /** It is back. */
  back(): void;
}

/** Connects, or throws a Fault. Later losses are repaired. */
export async function openMqtt(hub: HubAddress, listener: SessionListener): Promise<MqttSession> {
  const { protocol, hostname, port } = new URL(hub.url);
  const isSecure = protocol === "https:";
  // In parts: the package would take a URL apart by a function of Node's that warns of itself.
  const client = connect({
    protocol: isSecure ? "wss" : "ws",
    hostname,
    port: port === "" ? (isSecure ? 443 : 80) : Number(port),
    path: "/mqtt",
    // Never `<site>/<node>`: that is how an agent names itself.
    clientId: `cli-${randomBytes(6).toString("hex")}`,
    protocolVersion: 4,
    clean: true,
    keepalive: keepaliveSeconds,
    connectTimeout,
    reconnectPeriod: reconnectDelay,
    ...accountIn(process.env),
  });
  client.on("message", (topic, payload, packet) =>
    listener.message({ topic, payload, isRetained: packet.retain }),
  );
  try {
    await connected(client);
  } catch (error) {
    client.end(true);
    if (isTurnedAway(error)) {
      const words = `the hub at ${whereIs(hub)} lets nobody in like that (${messageOf(error)}); ${accountAdvice}`;
      throw commandFault("NOT_ALLOWED", words, error);
    }
    throw unreachable(hub, error);
  }
  watch(client, listener);
  return {
    subscribe: (filter) => subscribe(client, filter),
    publish: (topic, payload) => publish(client, topic, payload),
    // Nothing is on its way that anybody waits for.
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}

/** By its CONNACK: 4 a wrong name or password, 5 not authorised (MQTT 3.1.1 section 3.2.2.3). */
const isTurnedAway = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === 4 || error.code === 5);

function connected(client: MqttClient): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  client.once("connect", () => resolve());
  client.once("error", reject);
  client.once("close", () => reject(new Error("the connection was closed")));
  return promise;
}

function watch(client: MqttClient, listener: SessionListener): void {
  let isLost = false;
  // Told by `close`; without a listener it would end the process.
  client.on("error", () => undefined);
  client.on("close", () => {
    if (isLost || client.disconnecting) return;
    isLost = true;
    listener.lost();
  });
  client.on("connect", () => {
    isLost = false;
    listener.back();
  });
}

async function subscribe(client: MqttClient, filter: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Asked again on purpose it goes out again; the package would leave it, for it knows that it has subscribed.
  const wanted = Object.assign({ [filter]: { qos: 1 as const } }, { resubscribe: true });
  client.subscribe(wanted, (error, granted, packet) => {
    const answers = packet?.granted ?? granted?.map(({ qos }) => qos) ?? [];
    const isRefused = answers.some((answer) => typeof answer === "number" && answer >= refusedSubscription);
    if (isRefused)
      reject(
        commandFault(
          "NOT_ALLOWED",
          `the hub does not allow to read ${filter}: ${accountAdvice} that may subscribe it`,
        ),
      );
    else if (error === null) resolve();
    else reject(error);
  });
  await inTime(promise, `subscribe to ${filter}`);
}

async function publish(client: MqttClient, topic: string, payload: Uint8Array): Promise<void> {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  await inTime(client.publishAsync(topic, bytes, { qos: 1 }), `publish to ${topic}`);
}

async function inTime<Outcome>(work: Promise<Outcome>, what: string): Promise<Outcome> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      commandFault(
        "HUB_UNREACHABLE",
        `the hub did not answer in time (${what}): is it busy, or the line slow? try again`,
      ),
    );
  }, answerTimeout);
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw commandFault(
      "HUB_UNREACHABLE",
      `the connection to the hub was lost (${messageOf(error)}): try again`,
      error,
    );
  } finally {
    clearTimeout(timer);
  }
}
