/**
 * What outlives the hub's process of MQTT clients that are no agents: their sessions (MQTT 3.1.1 section 4.1) and
 * the messages they retained. The broker holds all of it in memory, within its own bounds, and tells the store what
 * changes; the store is read once, when it is opened.
 */
import type { Written } from "./written.ts";
import type { Micros } from "@interactor/shared/kernel/units";

export type Qos = 0 | 1 | 2;

export type StoreChange =
  /** A session begins: whatever an earlier one of this client left is gone. */
  | { readonly kind: "session-opened"; readonly client: string }
  | { readonly kind: "session-ended"; readonly client: string }
  /** Its client is away since then: from now on it ages. `undefined`: it is here. */
  | { readonly kind: "session-away"; readonly client: string; readonly since: Micros | undefined }
  | { readonly kind: "subscribed"; readonly client: string; readonly filter: string; readonly qos: Qos }
  | { readonly kind: "unsubscribed"; readonly client: string; readonly filter: string }
  /** A message waits for the client. `number` grows by one with each message of a session. */
  | { readonly kind: "queued"; readonly client: string; readonly message: KeptMessage }
  /** It was sent under this packet identifier, and may be with the client. */
  | { readonly kind: "sent"; readonly client: string; readonly number: number; readonly packetId: number }
  /** The client has it (PUBREC), and its release goes on. */
  | { readonly kind: "received"; readonly client: string; readonly number: number }
  /** Acknowledged, completed, expired or evicted. */
  | { readonly kind: "done"; readonly client: string; readonly number: number }
  /** A QoS 2 message of the client was taken in and not yet released (PUBREL). */
  | { readonly kind: "incoming"; readonly client: string; readonly packetId: number }
  | { readonly kind: "incoming-released"; readonly client: string; readonly packetId: number }
  | { readonly kind: "retained"; readonly message: KeptRetained }
  | { readonly kind: "retained-gone"; readonly topic: string };

export interface KeptMessage {
  readonly number: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 1 | 2;
  /** When it came to the hub. */
  readonly at: Micros;
}

export interface KeptRetained {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  /** The client that set it, and when. */
  readonly owner: string;
  readonly at: Micros;
}

export interface KeptSession {
  readonly client: string;
  /** `undefined`: its client was here when the hub ended. */
  readonly awaySince: Micros | undefined;
  readonly subscriptions: readonly { readonly filter: string; readonly qos: Qos }[];
  /** By number. */
  readonly messages: readonly (KeptMessage & {
    readonly packetId: number | undefined;
    readonly isReceived: boolean;
  })[];
  /** Packet identifiers of its QoS 2 messages that were not yet released. */
  readonly incoming: readonly number[];
}

export interface BrokerStore extends Written, AsyncDisposable {
  /** What was kept when the store was opened. */
  readonly kept: { readonly sessions: readonly KeptSession[]; readonly retained: readonly KeptRetained[] };
  /**
   * Takes a change; changes are written in their order, many in one commit. A change for a client without a session
   * is none. What it holds must not be written over afterwards: it is not copied. While the
   * disk fails, who waits is called back with `false` after the next attempt; the change is tried again all the same.
   * Never throws.
   */
  write(change: StoreChange): void;
  /**
   * Bytes of changes that wait for the disk. The broker takes nothing more for keeping above its bound. A change may
   * lower it, because what cancels itself while it waits is forgotten: whether there is something to wait for, it
   * does not tell. `changes` does.
   */
  readonly waitingBytes: number;
  /** What keeps it from writing, in words; `undefined`: nothing. */
  readonly problem: string | undefined;
}

/** Keeps nothing over a restart: for a broker without a folder. */
export const noBrokerStore: BrokerStore = {
  kept: { sessions: [], retained: [] },
  write() {
    // It has no place.
  },
  whenWritten: (done) => done(true),
  group: 0,
  waitingBytes: 0,
  changes: 0,
  problem: undefined,
  async [Symbol.asyncDispose]() {
    // It holds nothing.
  },
};
