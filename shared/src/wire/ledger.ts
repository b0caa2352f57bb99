/** The loss ledger: how every message of a hop ended. A difference between the two sides is a bug. */
import { type Lane, laneNumbers } from "./lanes.ts";

export const endReasons = {
  expired: ["ttl"],
  evicted: ["conflated", "overflow"],
  refused: ["full", "too-large", "no-route", "unknown-input", "wrong-type"],
} as const;

export type Loss = {
  [End in keyof typeof endReasons]: { readonly end: End; readonly reason: (typeof endReasons)[End][number] };
}[keyof typeof endReasons];

/** Counts per lane and reason; plain numbers, because every message passes here. */
export class Ledger {
  readonly #produced = laneNumbers.map(() => 0);
  readonly #delivered = laneNumbers.map(() => 0);
  readonly #losses = laneNumbers.map(() => new Map<string, { readonly loss: Loss; count: number }>());

  produced(lane: Lane, count = 1): void {
    this.#produced[lane] = (this.#produced[lane] ?? 0) + count;
  }

  delivered(lane: Lane, count = 1): void {
    this.#delivered[lane] = (this.#delivered[lane] ?? 0) + count;
  }

  lost(lane: Lane, loss: Loss, count = 1): void {
    const key = `${loss.end} ${loss.reason}`;
    const row = this.#losses[lane]?.get(key);
    if (row === undefined) this.#losses[lane]?.set(key, { loss, count });
    else row.count += count;
  }

  read(lane: Lane): LaneLedger {
    return {
      produced: this.#produced[lane] ?? 0,
      delivered: this.#delivered[lane] ?? 0,
      losses: [...(this.#losses[lane]?.values() ?? [])].map(({ loss, count }) => ({ ...loss, count })),
    };
  }
}

export interface LaneLedger {
  readonly produced: number;
  readonly delivered: number;
  readonly losses: readonly (Loss & { readonly count: number })[];
}
