/** Over how long the nodes of a site shall spread their attempts to come back, so that they do not all come at once. */

import { between, type Instant, seconds } from "@interactor/shared/kernel/units";

/**
 * Connections that may come in a second when all nodes have lost the hub together. A hub takes several times as
 * many; what is left is for those who are there already. More: the nodes are told to spread.
 */
export const attemptsPerSecondMax = 200;
/** A node's waits after the first vary between half of the spread and all of it: three quarters in the mean. */
const meanShare = 0.75;

/**
 * In ms, whole seconds, so that not every node that comes is news for all others. `undefined`: there are so few
 * that the second which they take anyway is enough.
 */
export function reconnectSpread(nodes: number): number | undefined {
  if (nodes <= attemptsPerSecondMax) return undefined;
  return Math.ceil(nodes / attemptsPerSecondMax / meanShare) * 1000;
}

/** So long after its start a hub reckons with the nodes that it knew before: they are on their way back. */
export const storm = seconds(60);

/** How many nodes shall spread. */
export class FleetSize {
  readonly #before: number;
  readonly #startedAt: Instant;

  /** `before`: nodes that the life before knew. */
  constructor(before: number, startedAt: Instant) {
    this.#before = before;
    this.#startedAt = startedAt;
  }

  /** `nodes`: those that have come so far. */
  at(now: Instant, nodes: number): number {
    return between(this.#startedAt, now) < storm ? Math.max(nodes, this.#before) : nodes;
  }
}
