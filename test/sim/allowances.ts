/**
 * What is not promised, in one place: everything else is a failure of the simulation. Whoever makes a promise stronger
 * takes a line away here.
 */

/** Why something may have happened that otherwise must not. */
export const allowances = {
  /**
   * What is urgent has its effect before its commit. A hub that ends between the two has given it out and does not know:
   * the next one gets it again and gives it out again. The node that did it knows, and does not do it again.
   */
  urgentAgainAfterHubEnded: true,
  /**
   * A node remembers in memory what it did, and the hub writes it down so many ms after it hears so, from a receipt or
   * from the node's next life. When both end before that is on disk, the next hub routes the event again, to a node that
   * knows nothing of it. Of a group it is the same node.
   */
  doneUnwritten: 60,
  /**
   * A commit that reached the disk although its hub was killed before it heard so: its messages are known as taken and
   * the value feed never saw them. They are in the journal, and what of them are events is routed from there.
   */
  storedButNotInTheFeed: true,
  /**
   * A stop is told before it is on the hub's disk, because it does not wait. A hub that ends in between leaves nodes that
   * hold it alone, and what a single node says stops nobody else: it is released by its zone's name.
   */
  stoppedAloneAfterHubEnded: true,
  /**
   * A queue that is full evicts its oldest message, also one that tells how something is; nobody says that again until
   * the source gives its next value. An input behind the hub may stay where it was when that is the last one.
   */
  staleAfterOverflow: true,
  /**
   * How long a way takes beyond its best is told by batches that were quicker. On one that is slow from a node's first
   * word, or a hub's, a command may be done that much too late, in ms.
   */
  lateOnSlowWays: 1000,
} as const;
