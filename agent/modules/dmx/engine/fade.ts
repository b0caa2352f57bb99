/** How a level gets from one to another in time. Pure: the share of the time that has passed comes in. */
import type { Millis } from "@interactor/shared/sdk/define-module";

/** Shares of the way by shares of the time, both 0 to 1; each begins at 0, ends at 1 and never turns back. */
const ways = {
  linear: (share: number) => share,
  smooth: (share: number) => (1 - Math.cos(Math.PI * share)) / 2,
  "slow-start": (share: number) => share * share,
  "slow-end": (share: number) => 1 - (1 - share) * (1 - share),
} as const satisfies Record<string, (share: number) => number>;

export type Curve = keyof typeof ways;
export const curves = ["linear", "smooth", "slow-start", "slow-end"] as const satisfies readonly Curve[];

/** The share of the way that has been gone; a fade that takes no time is over at once. */
export function progress(curve: Curve, gone: number, whole: Millis): number {
  if (gone >= whole) return 1;
  return gone <= 0 ? 0 : ways[curve](gone / whole);
}

/** The level in between. */
export const faded = (from: number, to: number, share: number): number =>
  Math.round(from + (to - from) * share);
