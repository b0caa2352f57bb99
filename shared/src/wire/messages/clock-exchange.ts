/**
 * How a node learns the hub's clock: body of an entry with flag `clock`. The node asks upwards with [t0], the hub
 * answers downwards with [t0, t1, t2], as in NTP.
 */
import { type Micros, micros } from "../../kernel/units.ts";
import type { Value } from "../value.ts";

export interface ClockReply {
  /** When the node asked, in µs of its monotonic clock. Means something to that node alone. */
  readonly askedAt: number;
  /** When the hub got the question, and when it answered, by the site's clock. */
  readonly receivedAt: Micros;
  readonly repliedAt: Micros;
}

export const clockAskBody = (askedAt: number): Value => [askedAt];

/** When the node asked; `undefined` when the body is of another shape. */
export function readClockAsk(body: Value): number | undefined {
  if (!Array.isArray(body)) return undefined;
  const [askedAt]: readonly unknown[] = body;
  return isTime(askedAt) ? askedAt : undefined;
}

export const clockReplyBody = (reply: ClockReply): Value => [
  reply.askedAt,
  reply.receivedAt,
  reply.repliedAt,
];

export function readClockReply(body: Value): ClockReply | undefined {
  if (!Array.isArray(body)) return undefined;
  const [askedAt, receivedAt, repliedAt]: readonly unknown[] = body;
  if (!isTime(askedAt) || !isTime(receivedAt) || !isTime(repliedAt)) return undefined;
  return { askedAt, receivedAt: micros(receivedAt), repliedAt: micros(repliedAt) };
}

const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
