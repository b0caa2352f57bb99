/**
 * What is not promised, in one place: everything else is a failure of the simulation. Whoever makes a promise stronger
 * takes a line away here.
 */

/** Why something may have happened that otherwise must not. */
export const allowances = {
  /**
   * What is urgent has its effect before its commit. A hub killed between the two has given it out and does not know:
   * the next one gets it again.
   */
  urgentAgainAfterHubKilled: true,
  /**
   * A commit that reached the disk although its hub was killed before it heard so: its messages are known as taken and
   * were never given out. They are in the journal.
   */
  storedButNotGivenOut: true,
  /** What the hub has taken in and a node has not confirmed is in the hub's memory, and goes with a hub that is killed. */
  queuedInKilledHub: true,
  /** A node confirms what its inputs took; one that is killed before it did gets it again in its next life. */
  appliedByEndedLife: true,
} as const;
