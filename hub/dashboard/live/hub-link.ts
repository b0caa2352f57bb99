/** What the page can say of the hub: whether it hears it, and what the hub measures of itself. */
import { hubSilenceMax } from "./limits.ts";

export type HubLink = "connecting" | "connected" | "lost";

export interface Hearing {
  readonly isSocketUp: boolean;
  /** The hub said goodbye, or its will was published. */
  readonly isHubGone: boolean;
  /** When it was last heard, in ms of a monotonic clock; `undefined`: never. */
  readonly heardAt: number | undefined;
}

/** A socket may stay open over a hub that hangs, so silence counts as much as its end. */
export function hubLink(hearing: Hearing, at: number): HubLink {
  const { isSocketUp, isHubGone, heardAt } = hearing;
  if (heardAt === undefined) return isHubGone ? "lost" : "connecting";
  return isSocketUp && !isHubGone && at - heardAt <= hubSilenceMax ? "connected" : "lost";
}
