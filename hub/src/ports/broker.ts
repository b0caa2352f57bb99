/** The MQTT broker. Aedes in this process today; nothing outside its adapter may know. */
import type { FaultOutcome } from "../core/registry/faults.ts";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import type { Written } from "./written.ts";
import { nodesMax, payloadBytesMax } from "@interactor/shared/wire/limits";

export interface Broker extends AsyncDisposable {
  /**
   * To everybody who subscribed. What is retained at QoS 0 is a state: while a client takes nothing, a newer one of a
   * topic replaces the one that waits for it.
   */
  publish(
    topic: string,
    payload: Uint8Array,
    options: { readonly retain: boolean; readonly qos: 0 | 1 },
  ): void;
  /** To one client at once, at QoS 1. Without effect when it is not connected. */
  send(clientId: string, topic: string, payload: Uint8Array): void;
  /** Clients connected now. */
  readonly clients: number;
  readonly usage: BrokerUsage;
}

/** What the broker holds now; its limits bound each. */
export interface BrokerUsage {
  readonly sessionsKept: number;
  /** Of these, those whose client is away. */
  readonly sessionsAway: number;
  readonly sessionBytes: number;
  /** Of clients, without what the hub itself retains. */
  readonly retainedMessages: number;
  readonly retainedBytes: number;
  readonly subscriptions: number;
  /** What clients that are here have not taken or acknowledged. */
  readonly waitingBytes: number;
}

export interface Client {
  readonly id: string;
  /** The user name it gave, or "": an agent gives its unit. */
  readonly user: string;
}

/** What a client shows when it connects. */
export interface Credentials extends Client {
  readonly password: Uint8Array | undefined;
}

/** Whether a client may connect. The words of a refusal are for the log. */
export type Admission =
  | { readonly kind: "welcome" }
  | {
      readonly kind: "refused";
      readonly because: "bad-credentials" | "not-allowed";
      readonly reason: string;
    };

/** What becomes of a message that a client publishes. */
export type Verdict =
  /** Goes on to who subscribed, and is retained if it says so. */
  | { readonly kind: "pass" }
  /** Goes nowhere: it was taken in, or was of no use. It is confirmed when what it led to is `written`. */
  | { readonly kind: "keep"; readonly written?: Written }
  /** Not now: too much waits to be `written`. Then it is asked about again; its client is read no further meanwhile. */
  | { readonly kind: "later"; readonly written: Written }
  /** The client broke the rules and is cut off. */
  | { readonly kind: "cut"; readonly reason: string };

/** The broker asks, synchronously, before anything happens. */
export interface BrokerRules {
  admit(credentials: Credentials): Admission;
  maySubscribe(client: Client, filter: string): boolean;
  received(client: Client, topic: string, payload: Uint8Array, retain: boolean): Verdict;
  /** Something was done about a client: counted by its reason, with words for a log. */
  faulted(reason: BrokerFault, details: string, more?: FaultContext): void;
}

export type { FaultOutcome };

export interface FaultContext {
  /** The client or address concerned: each gets a line of its own in the log. Left out: the details tell them apart. */
  readonly who?: string;
  /** What was done. Left out: the client was cut. */
  readonly outcome?: FaultOutcome;
  /** How many messages, of those that are evicted. Left out: 1. */
  readonly count?: number;
}

export const brokerFaults = [
  // Connections.
  "protocol",
  "keepalive",
  "not-allowed",
  "refused",
  "too-many-connections",
  "too-many-from-address",
  "no-connect",
  // What a client sends.
  "packet-too-large",
  "unfinished-packets",
  "rate",
  "topic-too-deep",
  "topic-too-long",
  "too-many-subscriptions",
  "retained-quota",
  "qos2-quota",
  "session-quota",
  // What a client does not take.
  "stalled",
  "behind",
  "unacknowledged",
  "other",
] as const;
export type BrokerFault = (typeof brokerFaults)[number];

/** The bounds of a broker. A listeners file may set each of them. */
export interface BrokerLimits {
  /** Connections at a time. More: refuse. */
  readonly connectionsMax: number;
  /** Connections at a time from one address. More: refuse. */
  readonly connectionsPerAddressMax: number;
  /**
   * Connections that have not said who they are: all nodes of a site come in one moment after a power cut. More: the
   * oldest of them is cut, so that a newcomer gets in.
   */
  readonly pendingMax: number;
  /** A connection that has not sent its CONNECT by then is cut. */
  readonly connectTimeout: Millis;
  /** A packet before CONNECT is through. Larger: cut. */
  readonly connectBytesMax: number;
  /** A packet after it, with its topic. Larger: cut. */
  readonly packetBytesMax: number;
  /**
   * Beginnings of packets whose rest has not come, of all clients together. More: who does not go on with one is cut;
   * twice as much: who began most.
   */
  readonly unfinishedBytesMax: number;
  /** What came of clients that are read more slowly, all together. More: who sent most is cut. */
  readonly heldBytesMax: number;
  /** A packet that has begun and does not end within this time: cut. */
  readonly unfinishedAgeMax: Millis;
  /** Packets of one client. More: it is read more slowly, and nothing is lost. */
  readonly packetsPerSecondMax: number;
  /** Bytes of one client. More: it is read more slowly. */
  readonly bytesPerSecondMax: number;
  /** Levels of a topic or filter. More: cut. */
  readonly topicLevelsMax: number;
  /** Bytes of a topic or filter. More: cut. */
  readonly topicBytesMax: number;
  /** Subscriptions of one client. More: SUBACK 0x80; more filters in one packet: cut. */
  readonly subscriptionsPerClientMax: number;
  /** Subscriptions of all clients. More: SUBACK 0x80. */
  readonly subscriptionsMax: number;
  /** Levels of their filters, those that begin alike counted once. More: SUBACK 0x80. */
  readonly subscriptionLevelsMax: number;
  /** Retained messages of clients, and their bytes. More: the oldest of the client that holds most goes; if that is who sets another one, it is cut. */
  readonly retainedMax: number;
  readonly retainedBytesMax: number;
  /** Of these, what one client may have set. More: it is cut. */
  readonly retainedPerClientMax: number;
  readonly retainedBytesPerClientMax: number;
  /** A retained message that nobody sets again for longer goes. */
  readonly retainedAgeMax: Millis;
  /** QoS 2 messages of one client that it has not released. More: cut. */
  readonly incomingQos2Max: number;
  /**
   * Bytes that wait for one client. Half of it: QoS 0 messages are conflated and evicted. All of it: cut; one that
   * acknowledges what comes, but too slowly, loses its oldest messages instead.
   */
  readonly outgoingBytesMax: number;
  /** Bytes that wait for all clients that are here, or for their acknowledgement. More: who is furthest behind is cut. */
  readonly outgoingTotalMax: number;
  /** A client whose socket takes nothing for this long while something waits is cut. */
  readonly outgoingAgeMax: Millis;
  /** Sessions of clients that are away. More: the one away longest ends. */
  readonly sessionsMax: number;
  /** A session whose client stays away longer ends. */
  readonly sessionAgeMax: Millis;
  /** Messages that wait in one session, and the bytes in all. More: the oldest is evicted. */
  readonly sessionMessagesMax: number;
  readonly sessionBytesMax: number;
  /** Bytes of sessions and retained messages that wait for the disk. More: who adds to them is read no further meanwhile. */
  readonly storeWaitingMax: number;
  /** Answers to one client that wait for the disk. More: it is read no further meanwhile. */
  readonly unwrittenAnswersMax: number;
  /** Of what one client sent, bytes that wait for the disk, also once it has connected anew. More: the same. */
  readonly unwrittenBytesMax: number;
  /** Messages sent to one client that it has not acknowledged. More wait, and then count as outgoing. */
  readonly inFlightMax: number;
}

export const brokerLimits: BrokerLimits = {
  connectionsMax: 1500,
  connectionsPerAddressMax: 1000,
  pendingMax: nodesMax,
  connectTimeout: seconds(5),
  connectBytesMax: 1024,
  packetBytesMax: payloadBytesMax + 2048,
  unfinishedBytesMax: 4 * 1024 * 1024,
  heldBytesMax: 16 * 1024 * 1024,
  unfinishedAgeMax: seconds(20),
  packetsPerSecondMax: 50_000,
  bytesPerSecondMax: 8 * 1024 * 1024,
  topicLevelsMax: 32,
  topicBytesMax: 1024,
  subscriptionsPerClientMax: 1000,
  subscriptionsMax: 20_000,
  subscriptionLevelsMax: 60_000,
  retainedMax: 10_000,
  retainedBytesMax: 6 * 1024 * 1024,
  // Half: a bridge retains for a whole house, and still leaves as much to all others.
  retainedPerClientMax: 5000,
  retainedBytesPerClientMax: 3 * 1024 * 1024,
  // What describes a device is set once, when it starts; some run for months.
  retainedAgeMax: seconds(365 * 24 * 3600),
  incomingQos2Max: 100,
  outgoingBytesMax: 4 * 1024 * 1024,
  outgoingTotalMax: 7 * 1024 * 1024,
  outgoingAgeMax: seconds(5),
  sessionsMax: 1000,
  sessionAgeMax: seconds(7 * 24 * 3600),
  sessionMessagesMax: 1000,
  sessionBytesMax: 8 * 1024 * 1024,
  storeWaitingMax: 2 * 1024 * 1024,
  // An agent that says a word a second of its state stays connected for a quarter of an hour while the disk fails.
  unwrittenAnswersMax: 1000,
  // An agent with its windows full has less, unless it sends long texts. Everybody's next value waits for the same
  // commit, so nobody may fill a whole one.
  unwrittenBytesMax: 256 * 1024,
  inFlightMax: 1000,
};
