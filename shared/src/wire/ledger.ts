/** The loss ledger: how every message of a hop ended. A difference between the two sides is a bug. */
import { type Lane, laneNumbers } from "./lanes.ts";

export const endReasons = {
  expired: ["ttl", "spool-age"],
  evicted: ["conflated", "overflow", "spool-full", "spool-corrupt", "node-forgotten"],
  refused: [
    "full",
    "too-large",
    "no-route",
    "no-target",
    "unknown-input",
    "wrong-type",
    "wrong-command",
    "wrong-clock",
    "wrong-shape",
    "wrong-time",
    "held-by-stop",
    "standing-still",
    "node-restarted",
  ],
} as const;

export type Loss = {
  [End in keyof typeof endReasons]: { readonly end: End; readonly reason: (typeof endReasons)[End][number] };
}[keyof typeof endReasons];

/** Counts per lane and reason; plain numbers, because every message passes here. */
export class Ledger {
  readonly #produced = laneNumbers.map(() => 0);
  readonly #delivered = laneNumbers.map(() => 0);
  /** By end and then by reason: a text of both would be made for each message. */
  readonly #losses = laneNumbers.map(() => new Map<string, Map<string, LossCount>>());
  #lost = 0;

  /** Messages that ended otherwise than delivered, in all lanes. */
  get losses(): number {
    return this.#lost;
  }

  produced(lane: Lane, count = 1): void {
    this.#produced[lane] = (this.#produced[lane] ?? 0) + count;
  }

  delivered(lane: Lane, count = 1): void {
    this.#delivered[lane] = (this.#delivered[lane] ?? 0) + count;
  }

  lost(lane: Lane, loss: Loss, count = 1): void {
    this.#lost += count;
    const row = this.#losses[lane]?.get(loss.end)?.get(loss.reason);
    if (row === undefined) this.#begin(lane, loss, count);
    else row.count += count;
  }

  read(lane: Lane): LaneLedger {
    return {
      produced: this.#produced[lane] ?? 0,
      delivered: this.#delivered[lane] ?? 0,
      losses: [...(this.#losses[lane]?.values() ?? [])].flatMap((byReason) =>
        [...byReason.values()].map(({ loss, count }) => ({ ...loss, count })),
      ),
    };
  }

  #begin(lane: Lane, loss: Loss, count: number): void {
    const byEnd = this.#losses[lane];
    const byReason = byEnd?.get(loss.end) ?? new Map<string, LossCount>();
    byEnd?.set(loss.end, byReason.set(loss.reason, { loss, count }));
  }
}

interface LossCount {
  readonly loss: Loss;
  count: number;
}

export interface LaneLedger {
  readonly produced: number;
  readonly delivered: number;
  readonly losses: readonly (Loss & { readonly count: number })[];
}

/** Losses by `end reason`, as they are written and shown. */
export const lossesOf = (losses: LaneLedger["losses"]): Record<string, number> =>
  Object.fromEntries(losses.map(({ end, reason, count }) => [`${end} ${reason}`, count]));

/** `expired ttl`: one of our ends and a word for the reason, which may be a newer peer's. */
export const isEndReason = (text: string): boolean =>
  /^(?:expired|evicted|refused) [a-z][a-z-]{0,30}$/.test(text);

/** The two words of an `end reason`. */
export function endAndReason(text: string): { readonly end: string; readonly reason: string } {
  const [end = "", reason = ""] = text.split(" ");
  return { end, reason };
}

export const sumOf = (losses: Readonly<Record<string, number>>): number =>
  Object.values(losses).reduce((sum, count) => sum + count, 0);
