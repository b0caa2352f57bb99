/** The page's MQTT session, over a WebSocket to its own origin. Reconnects by itself for as long as the page lives. */
import { type Command, encodeCommand } from "@interactor/shared/wire/messages/command";
import { keepaliveSeconds } from "@interactor/shared/wire/limits";
import { encodeStopLatch, type StopLatch } from "@interactor/shared/wire/messages/stop";
import type { SiteAddress } from "@interactor/shared/wire/names";
import { siteTopics } from "@interactor/shared/wire/topics";
import mqtt, { type MqttClient } from "mqtt";
import { unconfirmedCommandsMax } from "./limits.ts";
import type { Sent } from "./live.ts";

export interface ConnectionEvents {
  readonly up: () => void;
  readonly down: () => void;
  readonly message: (topic: string, payload: Uint8Array) => void;
}

export interface Connection {
  send(address: SiteAddress, command: Command): Sent;
  /**
   * Asks for a show stop in a zone, or its release. It is sent again after every reconnect until the hub has taken it,
   * because its id makes twice the same as once; what this returns takes it back.
   */
  stop(zone: string, latch: StopLatch, taken: () => void): () => void;
}

/** A command on its way, by its MQTT packet id. */
interface Unconfirmed {
  id: number | undefined;
}

const reconnectAfterMs = 1000;
const connectWithinMs = 4000;

export function openConnection(url: string, site: string, events: ConnectionEvents): Connection {
  const topics = siteTopics(site);
  const client = mqtt.connect(url, {
    clientId: `dash-${randomHex(8)}`,
    protocolVersion: 4,
    clean: true,
    keepalive: keepaliveSeconds,
    reconnectPeriod: reconnectAfterMs,
    connectTimeout: connectWithinMs,
    resubscribe: false,
    // The default runs its timer in a worker made from a blob, which our Content-Security-Policy forbids.
    timerVariant: "native",
  });
  const unconfirmed = new Set<Unconfirmed>();
  client.on("connect", () => {
    events.up();
    // States first: who declares a channel of a universe as such must be known before its values come.
    const { stops, hubState, hubMetric, states, allReported, values, replies } = topics;
    const wanted = [stops, hubState, hubMetric, states, allReported, values, replies];
    client.subscribe(wanted, { qos: 0 }, (error) => {
      // A hub that lets us in and then refuses is as good as none; the next connection asks again.
      if (error) client.stream.destroy();
    });
  });
  client.on("message", (topic, payload) => events.message(topic, payload));
  client.on("close", () => {
    forget(client, unconfirmed);
    events.down();
  });
  // "close" follows and says all there is to say.
  client.on("error", () => undefined);
  return {
    send(address, command) {
      if (!client.connected) return "hub-lost";
      if (unconfirmed.size >= unconfirmedCommandsMax) return "hub-busy";
      const sent: Unconfirmed = { id: undefined };
      unconfirmed.add(sent);
      sent.id = publish(client, topics.set(address), encodeCommand(command), () => unconfirmed.delete(sent));
      return "sent";
    },
    stop(zone, latch, taken) {
      const id = publish(client, topics.stop(zone), encodeStopLatch(latch), (error) => {
        if (!error) taken();
      });
      return () => {
        if (id !== undefined) client.removeOutgoingMessage(id);
      };
    },
  };
}

/** Returns the packet's id; `undefined`: mqtt.js gives it one only when it has dealt with what an old connection left. */
function publish(
  client: MqttClient,
  topic: string,
  payload: Uint8Array,
  confirmed: (error?: Error | null) => void,
): number | undefined {
  const before = client.getLastMessageId();
  // mqtt.js asks for Node's Buffer, which a browser has not; any Uint8Array does.
  client.publish(topic, payload as Buffer, { qos: 1 }, confirmed);
  const id = client.getLastMessageId();
  return id === before ? undefined : id;
}

/** mqtt.js would send unconfirmed commands again after a reconnect: a hand that has long left the slider. A stop is none of them. */
function forget(client: MqttClient, unconfirmed: Set<Unconfirmed>): void {
  for (const { id } of unconfirmed) if (id !== undefined) client.removeOutgoingMessage(id);
  unconfirmed.clear();
}

/** `crypto.randomUUID` is missing on a page that came over plain HTTP from another machine. */
export function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
