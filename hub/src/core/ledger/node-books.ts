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
import { sessionsBeforeMax, sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import { type NodeLedger, perLane } from "@interactor/shared/wire/messages/node-ledger";
import type { Session } from "@interactor/shared/wire/session";

/** What the hub took of one batch. */
export interface Taken {
  readonly session: Session;
  readonly lane: Lane;
  readonly firstSeq: number;
  readonly fresh: number;
  /** Of the fresh ones: those that came too late to have an effect. They expire here, and nobody else counts them. */
  readonly late: number;
  /** And those that are no entries: they are refused here. */
  readonly wrong: number;
  readonly repeated: number;
  readonly missed: number;
  /** The number that came next in the lane before it. */
  readonly expected: number;
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

/** What ends at the hub, of what it took: the node holds it for delivered. */
type EndedHere = Pick<Taken, "late" | "wrong">;

interface OwnCounts {
  /** Entries of this life that had been taken before this hub began to count. */
  base: number;
  taken: number;
  ended: EndedHere;
  /** Of those, what the node holds for delivered by its last word; and what it has yet to hear of, by its numbers. */
  endedSaid: EndedHere;
  readonly endedSince: (EndedHere & { readonly next: number })[];
  repeated: number;
  missed: number;
}

interface Life {
  readonly session: Session;
  readonly own: Readonly<Record<Lane, OwnCounts>>;
  /** Nothing was known of the node: the life may have begun under a hub before, or before the node was forgotten. */
  readonly isFirst: boolean;
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
  /** Lives that are over, the last at the end. */
  readonly #ended: Session[] = [];

  /** What the hub took of a batch that the node sent. */
  took(taken: Taken): void {
    const { session, lane, firstSeq, fresh, repeated, missed, expected } = taken;
    // A disk was slow, and the node has begun another life meanwhile.
    if (this.#ended.includes(session)) return this.#tookLate(taken);
    const own = this.#lifeOf(session).own[lane];
    // A spool goes on from life to life with numbers of its own: what comes again was taken from an earlier one.
    if (lane === spoolLane) own.base = Math.max(own.base, 0);
    // What came before this hub counted, it took in a life before or never. Its first batch may be told of after another.
    else own.base = own.base < 0 ? expected : Math.min(own.base, expected);
    own.taken += fresh;
    if (countOf(taken) > 0) addEnded(own, taken, firstSeq + repeated + fresh);
    own.repeated += repeated;
    own.missed += missed;
    return undefined;
  }

  /** What the node says. */
  told(ledger: NodeLedger): void {
    const life = this.#lifeOf(ledger.session);
    if (life.isFirst && life.said === undefined) beginSpool(life.own[spoolLane], ledger);
    life.said = ledger;
    for (const lane of laneNumbers) sayEnded(life.own[lane], ledger.up[lane].delivered);
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
    // The node knows only that the hub has them.
    const ended = own?.endedSaid ?? noneEnded;
    return {
      produced: past.produced + said.produced,
      delivered: past.delivered + said.delivered - countOf(ended),
      queued: said.queued,
      losses: merged(past.losses, withEnded(said.losses, ended)),
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
    const isFirst = this.#life === undefined;
    if (this.#life !== undefined) this.#close(this.#life);
    const own = perLane(() => ({
      ...nothing,
      ended: noneEnded,
      endedSaid: noneEnded,
      endedSince: [],
      base: -1,
    }));
    this.#life = { session, own, isFirst, said: undefined };
    return this.#life;
  }

  /** What a life had sent came when it was over: that much less is unaccounted for. */
  #tookLate({ lane, fresh, late, wrong, repeated, missed }: Taken): void {
    const ended = { late, wrong };
    const past = this.#pastUp[lane];
    const known = Math.min(past.unaccounted, fresh);
    past.unaccounted -= known;
    past.produced += fresh - known;
    past.delivered += fresh - countOf(ended);
    addTo(past, { taken: fresh, repeated, missed }, withEnded({}, ended));
  }

  #close({ session, own, said }: Life): void {
    this.#ended.push(session);
    if (this.#ended.length > sessionsPerNodeMax) this.#ended.shift();
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
      const had = Math.max(own.base, 0) + own.taken;
      past.produced += had + lost;
      past.delivered += had;
      return addTo(past, own, losses);
    }
    // What the hub took it has, whether or not the node had heard so.
    const had = Math.max(delivered, Math.max(own.base, 0) + own.taken);
    const made = Math.max(produced, had + lost);
    past.produced += made;
    past.delivered += had - countOf(own.ended);
    past.unaccounted += made - had - lost;
    return addTo(past, own, withEnded(losses, own.ended));
  }
}

/**
 * What a node has delivered of its spool by its first word, and these books have not taken, was taken before they were
 * begun: the numbers of a spool do not say, because they go on from life to life. What came on the same connection as
 * that word may be still on its way to being confirmed, and then is among what the node holds for queued.
 */
function beginSpool(own: OwnCounts, { up }: NodeLedger): void {
  const { delivered, queued } = up[spoolLane];
  const confirmed = Math.max(own.taken + own.missed + own.repeated - queued, 0);
  own.base = Math.max(delivered - confirmed, 0);
}

/** Batches with such ones that the node has not heard of yet: it has fewer on the way. More: the newest stand together. */
const endedSinceMax = 64;

function addEnded(own: OwnCounts, ended: EndedHere, next: number): void {
  own.ended = bothEnded(own.ended, ended);
  const last = own.endedSince.length >= endedSinceMax ? own.endedSince.pop() : undefined;
  own.endedSince.push({ next, ...bothEnded(ended, last ?? noneEnded) });
}

/** So that no count ever falls: it moves from delivered to its end when the node says that it was delivered. */
function sayEnded(own: OwnCounts, delivered: number): void {
  for (
    let first = own.endedSince[0];
    first !== undefined && first.next <= delivered;
    first = own.endedSince[0]
  ) {
    own.endedSince.shift();
    own.endedSaid = bothEnded(own.endedSaid, first);
  }
}

const noneEnded: EndedHere = { late: 0, wrong: 0 };
const countOf = ({ late, wrong }: EndedHere): number => late + wrong;
const bothEnded = (one: EndedHere, other: EndedHere): EndedHere => ({
  late: one.late + other.late,
  wrong: one.wrong + other.wrong,
});

function withEnded(
  losses: Readonly<Record<string, number>>,
  { late, wrong }: EndedHere,
): Readonly<Record<string, number>> {
  const sums = { ...losses };
  for (const [kind, count] of [
    ["expired ttl", late],
    ["refused wrong-shape", wrong],
  ] as const)
    if (count > 0) sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
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
