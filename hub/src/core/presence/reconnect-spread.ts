/** Over how long the nodes of a site shall spread their attempts to come back, so that they do not all come at once. */

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
