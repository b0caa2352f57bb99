/**
 * The loss ledger of the site: the books of every node, and the commands that never had a node to go to. Per hop,
 * node and lane: produced = delivered + queued + expired + evicted + refused, and what is missing is shown.
 */
import { type Lane, laneNumbers, lanes } from "@interactor/shared/wire/lanes";
import { type LaneLedger, Ledger, lossesOf, sumOf } from "@interactor/shared/wire/ledger";
import type { LedgerLane, LedgerResponse, NodeLedgerView } from "@interactor/shared/wire/api";
import { nodesMax } from "@interactor/shared/wire/limits";
import type { NodeQueue } from "../queue/node-queue.ts";
import { type DownCounts, NodeBooks, type Taken, type UpCounts } from "./node-books.ts";
import type { NodeLedger } from "@interactor/shared/wire/messages/node-ledger";

export class SiteLedger {
  /** What has no node to go to. Made-up names must not fill anything. */
  readonly nowhere = new Ledger();
  readonly #books = new Map<string, NodeBooks>();
  /** What became of the messages of all nodes that were forgotten, as of one node. */
  #forgotten: NodeLedgerView | undefined;

  /** Of nodes that were born. */
  took(node: string, taken: Taken): void {
    this.#booksOf(node)?.took(taken);
  }

  told(node: string, ledger: NodeLedger): void {
    this.#booksOf(node)?.told(ledger);
  }

  /** The node is forgotten; `queue`: what it had, as it ended. What was counted stays counted. */
  forget(node: string, queue: NodeQueue | undefined): void {
    const books = this.#books.get(node);
    books?.end();
    this.#books.delete(node);
    const last = nodeView(forgottenNodes, books, queue);
    const { up, down } = this.#forgotten ?? { up: [], down: [] };
    this.#forgotten = {
      node: forgottenNodes,
      up: sumOfLanes([...up, ...last.up]),
      down: sumOfLanes([...down, ...last.down]),
    };
  }

  books(node: string): NodeBooks | undefined {
    return this.#books.get(node);
  }

  get nodes(): Iterable<readonly [node: string, books: NodeBooks]> {
    return this.#books;
  }

  /** Everything, or one node; `undefined`: of that one nothing is known. */
  view(site: string, queues: ReadonlyMap<string, NodeQueue>, only?: string): LedgerResponse | undefined {
    const names = new Set([...this.#books.keys(), ...queues.keys()]);
    if (only !== undefined && !names.has(only)) return undefined;
    const nodes = (only === undefined ? [...names].toSorted() : [only]).map((node) =>
      nodeView(node, this.#books.get(node), queues.get(node)),
    );
    if (only === undefined && this.#forgotten !== undefined) nodes.push(this.#forgotten);
    const nowhere = laneNumbers.map((lane) => downView(lane, this.nowhere.read(lane), 0, undefined));
    const difference = [...nodes.flatMap(({ up, down }) => [...up, ...down]), ...nowhere];
    return { site, balanced: difference.every((lane) => lane.difference === 0), nodes, nowhere };
  }

  #booksOf(node: string): NodeBooks | undefined {
    const known = this.#books.get(node);
    if (known !== undefined || this.#books.size >= nodesMax) return known;
    const books = new NodeBooks();
    this.#books.set(node, books);
    return books;
  }
}

/** No node has such a name. */
const forgottenNodes = "(forgotten)";

function sumOfLanes(all: readonly LedgerLane[]): LedgerLane[] {
  return lanes.flatMap((name) => {
    const [first, ...more] = all.filter(({ lane }) => lane === name);
    return first === undefined ? [] : [more.reduce(sumOfTwo, first)];
  });
}

const sumOfTwo = (left: LedgerLane, right: LedgerLane): LedgerLane => ({
  lane: left.lane,
  produced: left.produced + right.produced,
  delivered: left.delivered + right.delivered,
  queued: left.queued + right.queued,
  losses: sumOfLosses(left.losses, right.losses),
  unaccounted: left.unaccounted + right.unaccounted,
  unaccounted_at_most: left.unaccounted_at_most + right.unaccounted_at_most,
  difference: left.difference + right.difference,
  taken: left.taken + right.taken,
  repeated: left.repeated + right.repeated,
  missed: left.missed + right.missed,
  ...(left.refused_there === undefined && right.refused_there === undefined
    ? {}
    : { refused_there: sumOfLosses(left.refused_there ?? {}, right.refused_there ?? {}) }),
});

function sumOfLosses(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  const sums = { ...left };
  for (const [kind, count] of Object.entries(right)) sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
}

function nodeView(node: string, books: NodeBooks | undefined, queue: NodeQueue | undefined): NodeLedgerView {
  return {
    node,
    up: books === undefined ? [] : laneNumbers.map((lane) => upView(lane, books.up(lane))),
    down:
      queue === undefined
        ? []
        : laneNumbers.map((lane) =>
            downView(lane, queue.ledger.read(lane), queue.depth(lane), books?.down(lane)),
          ),
  };
}

function upView(lane: Lane, { unaccountedAtMost, ...counts }: UpCounts): LedgerLane {
  return { lane: lanes[lane], ...counts, unaccounted_at_most: unaccountedAtMost };
}

function downView(
  lane: Lane,
  ledger: LaneLedger,
  queued: number,
  counts: DownCounts | undefined,
): LedgerLane {
  const losses = lossesOf(ledger.losses);
  return {
    lane: lanes[lane],
    produced: ledger.produced,
    delivered: ledger.delivered,
    queued,
    losses,
    unaccounted: 0,
    unaccounted_at_most: 0,
    difference: downDifference(ledger, queued),
    taken: counts?.taken ?? 0,
    repeated: counts?.repeated ?? 0,
    missed: counts?.missed ?? 0,
    ...(counts === undefined ? {} : { refused_there: counts.losses }),
  };
}

/** Messages for a node whose end nobody has counted. */
export const downDifference = ({ produced, delivered, losses }: LaneLedger, queued: number): number =>
  Math.abs(produced - delivered - queued - sumOf(lossesOf(losses)));
