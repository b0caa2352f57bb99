/**
 * The loss ledger of one node's way to the hub, both sides: what the node says became of its messages, and what
 * the hub itself took. A node's counts begin anew with each of its lives; here they are summed, so that nothing
 * that was counted once is ever uncounted.
 *
 * When a life ends, what it had waiting by its last word and the hub never took is unaccounted for. What it made
 * after that word nobody counted; the mark it left on its disk bounds both together.
 */
import { type Lane, lane as lanes, laneNumbers } from "@interactor/shared/wire/lanes";
import { sumOf } from "@interactor/shared/wire/ledger";
import { sessionsBeforeMax } from "@interactor/shared/wire/limits";
import { type NodeLedger, perLane } from "@interactor/shared/wire/messages/node-ledger";
import type { Session } from "@interactor/shared/wire/session";

/** What the hub took of one batch. */
export interface Taken {
  readonly session: Session;
  readonly lane: Lane;
  readonly firstSeq: number;
  readonly fresh: number;
  /** Of the fresh ones: those that the node had counted as expired when it sent them. */
  readonly late: number;
  readonly repeated: number;
  readonly missed: number;
}

/** One lane of node → hub, over all lives of the node that this hub has seen. */
export interface UpCounts {
  readonly produced: number;
  readonly delivered: number;
  readonly queued: number;
  readonly losses: Readonly<Record<string, number>>;
  /** Known to be missing since a life ended without a word. */
  readonly unaccounted: number;
  /** The same with what nobody can know: no more than this. */
  readonly unaccountedAtMost: number;
  /** A bug, unless it is 0: messages whose end nobody has counted, and confirmed ones that never came. */
  readonly difference: number;
  /** By the hub's own count. */
  readonly taken: number;
  readonly repeated: number;
  readonly missed: number;
}

/** One lane of hub → node by the node's count. */
export interface DownCounts {
  readonly taken: number;
  readonly repeated: number;
  readonly missed: number;
  readonly losses: Readonly<Record<string, number>>;
}

/** What nodes send from their spools, and nothing else. */
const spoolLane: Lane = lanes.bulk;

interface OwnCounts {
  /** Entries of this life that had been taken before this hub began to count. */
  base: number;
  taken: number;
  late: number;
  repeated: number;
  missed: number;
}

interface Life {
  readonly session: Session;
  readonly own: Readonly<Record<Lane, OwnCounts>>;
  said: NodeLedger | undefined;
}

interface PastUp {
  produced: number;
  delivered: number;
  unaccounted: number;
  atMost: number;
  taken: number;
  repeated: number;
  missed: number;
  losses: Map<string, number>;
}

interface PastDown {
  taken: number;
  repeated: number;
  missed: number;
  losses: Map<string, number>;
}

/** Kinds of losses kept per lane: what a node may name in one document, twice. More: counted as the last of them. */
const lossKindsKept = 64;

export class NodeBooks {
  readonly #pastUp = perLane(noUp);
  readonly #pastDown = perLane(noDown);
  /** Lives whose mark has been told; each counts once. */
  readonly #told: Session[] = [];
  #life: Life | undefined;

  /** What the hub took of a batch that the node sent. */
  took({ session, lane, firstSeq, fresh, late, repeated, missed }: Taken): void {
    const own = this.#lifeOf(session).own[lane];
    // A spool goes on from life to life with numbers of its own: what comes again was taken from an earlier one.
    if (lane === spoolLane) own.base = Math.max(own.base, 0);
    // What came before this hub counted, it took in a life before or never.
    if (own.base < 0) own.base = Math.max(firstSeq + repeated - missed, 0);
    own.taken += fresh;
    own.late += late;
    own.repeated += repeated;
    own.missed += missed;
  }

  /** What the node says. */
  told(ledger: NodeLedger): void {
    this.#lifeOf(ledger.session).said = ledger;
    for (const { session, held } of ledger.before) {
      if (this.#told.includes(session)) continue;
      this.#told.push(session);
      if (this.#told.length > 2 * sessionsBeforeMax) this.#told.shift();
      for (const lane of laneNumbers) {
        this.#pastUp[lane].atMost += held[lane];
      }
    }
  }

  /** The node is forgotten: its life is over, as far as anybody will know. */
  end(): void {
    if (this.#life !== undefined) this.#close(this.#life);
    this.#life = undefined;
  }

  up(lane: Lane): UpCounts {
    const past = this.#pastUp[lane];
    const own = this.#life?.own[lane];
    const said = this.#life?.said?.up[lane] ?? nothingSaid;
    const taken = own?.taken ?? 0;
    return {
      produced: past.produced + said.produced,
      delivered: past.delivered + said.delivered,
      queued: said.queued,
      losses: merged(past.losses, said.losses),
      unaccounted: past.unaccounted,
      unaccountedAtMost: Math.max(past.atMost, past.unaccounted),
      difference: differenceOf(lane, said, own),
      taken: past.taken + taken,
      repeated: past.repeated + (own?.repeated ?? 0),
      missed: past.missed + (own?.missed ?? 0),
    };
  }

  down(lane: Lane): DownCounts {
    const past = this.#pastDown[lane];
    const said = this.#life?.said?.down[lane];
    return {
      taken: past.taken + (said?.taken ?? 0),
      repeated: past.repeated + (said?.repeated ?? 0),
      missed: past.missed + (said?.missed ?? 0),
      losses: merged(past.losses, said?.losses ?? {}),
    };
  }

  #lifeOf(session: Session): Life {
    if (this.#life?.session === session) return this.#life;
    if (this.#life !== undefined) this.#close(this.#life);
    const own = perLane(() => ({ ...nothing, late: 0, base: -1 }));
    this.#life = { session, own, said: undefined };
    return this.#life;
  }

  #close({ own, said }: Life): void {
    for (const lane of laneNumbers) {
      this.#closeUp(lane, own[lane], said);
      if (said !== undefined) addTo(this.#pastDown[lane], said.down[lane], said.down[lane].losses);
    }
  }

  #closeUp(lane: Lane, own: OwnCounts, said: NodeLedger | undefined): void {
    const past = this.#pastUp[lane];
    const { produced, delivered, losses } = said?.up[lane] ?? nothingSaid;
    const lost = sumOf(losses);
    if (lane === spoolLane) {
      // What it had not sent is on its disk, and its next life will speak of it.
      past.produced += own.taken + lost;
      past.delivered += own.taken;
      return addTo(past, own, losses);
    }
    // What the hub took it has, whether or not the node had heard so.
    const had = Math.max(delivered, Math.max(own.base, 0) + own.taken - own.late);
    const made = Math.max(produced, had + lost);
    past.produced += made;
    past.delivered += had;
    past.unaccounted += made - had - lost;
    return addTo(past, own, losses);
  }
}

const noUp = (): PastUp => ({ ...noDown(), produced: 0, delivered: 0, unaccounted: 0, atMost: 0 });
const noDown = (): PastDown => ({ ...nothing, losses: new Map() });
const nothing = { taken: 0, repeated: 0, missed: 0 };
const nothingSaid = { produced: 0, delivered: 0, queued: 0, losses: {} };

/** What does not add up in the node's own words, and what it holds for delivered that the hub never took. */
function differenceOf(lane: Lane, said: NodeLedger["up"][Lane], own: OwnCounts | undefined): number {
  const unended = said.produced - said.delivered - said.queued - sumOf(said.losses);
  const again = lane === spoolLane ? (own?.repeated ?? 0) : 0;
  const taken = own === undefined || own.base < 0 ? undefined : own.base + own.taken + own.missed + again;
  return Math.abs(unended) + (taken === undefined ? 0 : Math.max(said.delivered - taken, 0));
}

function addTo(
  past: { taken: number; repeated: number; missed: number; readonly losses: Map<string, number> },
  more: { readonly taken: number; readonly repeated: number; readonly missed: number },
  losses: Readonly<Record<string, number>>,
): void {
  past.taken += more.taken;
  past.repeated += more.repeated;
  past.missed += more.missed;
  for (const [kind, count] of Object.entries(losses)) {
    const isNew = !past.losses.has(kind);
    const last = isNew && past.losses.size >= lossKindsKept ? [...past.losses.keys()].at(-1) : undefined;
    const key = last ?? kind;
    past.losses.set(key, (past.losses.get(key) ?? 0) + count);
  }
}

function merged(
  past: ReadonlyMap<string, number>,
  now: Readonly<Record<string, number>>,
): Record<string, number> {
  const sums = Object.fromEntries(past);
  for (const [kind, count] of Object.entries(now)) sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
}
