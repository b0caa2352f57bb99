/** One message: what an output gave, or what an input is asked to take. */
import type { Micros, Millis } from "../kernel/units.ts";
import type { Origin } from "./origin.ts";
import type { Value } from "./value.ts";

export const quality = { good: 0, stale: 1, bad: 2 } as const;
export type Quality = (typeof quality)[keyof typeof quality];

export const entryFlag = {
  /** Sent later than it happened, from a spool. */
  historical: 1,
  /** Chosen for tracing at its source. */
  sampled: 2,
  /** Stamped before the node knew the hub's clock: its time neither orders nor expires anything. */
  clockUnsynchronised: 4,
  /** The body is [[dAt…], [value…]]: several samples of one output. */
  columns: 8,
  /** Downwards: the body is a command, see messages/command.ts. */
  command: 16,
  /** Upwards: the body is a receipt, see messages/receipt.ts. */
  receipt: 32,
  /** The body is a question for the hub's clock or its answer, see messages/clock-exchange.ts. */
  clock: 64,
  /** Upwards: the body says what became of a command that asked, see messages/reply.ts. */
  result: 128,
  /** Downwards: it was done, as a button is pressed, and is as new as the first time when it comes once more. */
  news: 256,
} as const;

export interface Entry {
  /** When it happened, by the site's clock. */
  readonly at: Micros;
  /** `instance/output` upwards, `node/instance/output` downwards, or who asks. */
  readonly from: string;
  /** `instance/input` downwards. */
  readonly to: string | null;
  /** How long after it was queued it is still worth delivering; `null`: always. */
  readonly ttl: Millis | null;
  /** A sum of `entryFlag`s. */
  readonly flags: number;
  /** W3C trace context in its binary form (26 bytes), only when sampled. */
  readonly trace: Uint8Array | null;
  readonly quality: Quality;
  readonly body: Value;
  /** Downwards: the route on the hub that sends it. Appended to version 1, left out when there is none. */
  readonly route?: string;
  /** Downwards: the message that an event was made of. Appended after the route. */
  readonly origin?: Origin;
}

export const hasFlag = (entry: Pick<Entry, "flags">, flag: number): boolean => (entry.flags & flag) !== 0;
