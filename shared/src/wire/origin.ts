/**
 * Which message of an agent an entry downwards was made of. A hub that dies between taking an event in and hearing
 * that it was done routes it again in its next life; by its origin the node at the other end, and the hub itself,
 * know it again. What one route makes of one output reaches one input in the order in which it was taken in, so the
 * highest number of each session is all that must be remembered.
 */
import { wireInteger } from "./cbor.ts";
import { isLane, type Lane } from "./lanes.ts";
import { sessionsPerNodeMax } from "./limits.ts";
import { bytesOfSession, isSessionField, type Session, sessionOf } from "./session.ts";

export interface Origin {
  /** The agent's, and the lane on its way up: whose numbers these are. */
  readonly session: Session;
  readonly lane: Lane;
  readonly seq: number;
  /** Which sample of its entry, from 0. */
  readonly sample: number;
}

export const originField = ({ session, lane, seq, sample }: Origin): readonly unknown[] => [
  bytesOfSession(session),
  lane,
  wireInteger(seq),
  sample,
];

/** `undefined`: it is none. */
export function readOrigin(field: unknown): Origin | undefined {
  if (!Array.isArray(field)) return undefined;
  const [session, lane, seq, sample]: readonly unknown[] = field;
  if (!isSessionField(session) || !isLane(lane) || !isNumber(seq) || !isNumber(sample)) return undefined;
  return { session: sessionOf(session), lane, seq, sample };
}

/** Up to which origin what goes one way was done. */
export interface OriginMark extends Origin {
  /** The way: a route and the input it reaches. */
  readonly way: string;
}

/** A route with another source or another target is another way. */
export const wayOf = (from: string, route: string, to: string): string => `${from} ${route} ${to}`;

export class OriginMarks {
  readonly #waysMax: number;
  /** By way, the one used last at the end; of each by session and lane, the newest at the end. */
  readonly #ways = new Map<string, Map<string, Origin>>();

  /** More ways: the one that was used longest ago is forgotten. `marks`: the oldest first. */
  constructor(waysMax: number, marks: Iterable<OriginMark> = []) {
    this.#waysMax = waysMax;
    for (const { way, ...origin } of marks) this.done(way, origin);
  }

  isDone(way: string, origin: Origin): boolean {
    const last = this.#ways.get(way)?.get(numbersOf(origin));
    return last !== undefined && isUpTo(origin, last);
  }

  done(way: string, origin: Origin): void {
    const sessions = this.#ways.get(way) ?? new Map<string, Origin>();
    this.#ways.delete(way);
    this.#ways.set(way, sessions);
    const numbers = numbersOf(origin);
    const last = sessions.get(numbers);
    sessions.delete(numbers);
    sessions.set(numbers, last !== undefined && isUpTo(origin, last) ? last : origin);
    evictOver(sessionsPerNodeMax, sessions);
    evictOver(this.#waysMax, this.#ways);
  }
}

const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const numbersOf = ({ session, lane }: Origin): string => `${session} ${lane}`;

const isUpTo = ({ seq, sample }: Origin, last: Origin): boolean =>
  seq < last.seq || (seq === last.seq && sample <= last.sample);

function evictOver(max: number, map: Map<string, unknown>): void {
  const [oldest] = map.size > max ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}
