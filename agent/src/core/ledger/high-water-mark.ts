/**
 * How many messages a sudden end of this process could take with it, kept on disk for the next one to tell.
 *
 * The mark is at least twice what is in memory and is raised at once when it is not, so that it holds while the write
 * is on its way; it is two to four times as much then, so that it is written rarely. It comes down when much less has
 * been in memory for a while. Sessions of before are kept beside it until the hub has heard of them.
 */
import { between, type Instant, later, seconds } from "@interactor/shared/kernel/units";
import { type Lane, laneNumbers } from "@interactor/shared/wire/lanes";
import {
  batchEntriesMax,
  queueMessagesMax,
  sessionsBeforeMax,
  windowPublishes,
} from "@interactor/shared/wire/limits";
import { perLane, type SessionBefore } from "@interactor/shared/wire/messages/node-ledger";
import type { Session } from "@interactor/shared/wire/session";

/** No more than the queue and the window can hold. A spool whose disk takes nothing may hold more. */
const heldMost = queueMessagesMax + windowPublishes * batchEntriesMax;
/** The least that is said of a lane in use: 5,000 messages a second, for the 50 ms that a card takes for a write. */
const burst = 256;
/** What can wait is written at most this often: it is an SD card. A mark that does not hold cannot. */
const writeInterval = seconds(1);
/** A mark comes down after so long with less than an eighth of it in memory. */
const calmInterval = seconds(60);

export class HighWaterMark {
  readonly #session: Session;
  #before: readonly SessionBefore[] = [];
  #marks = perLane(() => 0);
  #peaks = perLane(() => 0);
  #peaksSince: Instant | undefined;
  #writtenAt: Instant | undefined;
  #isDue = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Sessions that the hub has not heard of yet. */
  get before(): readonly SessionBefore[] {
    return this.#before;
  }

  /** What the last life left on disk. */
  load(sessions: readonly SessionBefore[]): void {
    const told = sessions.filter(
      ({ session, held }) => session !== this.#session && held.some((each) => each > 0),
    );
    this.#before = shortened(told);
    this.#isDue ||= sessions.length > 0;
  }

  /** The hub has heard of these. */
  heard(sessions: readonly SessionBefore[]): void {
    if (sessions.length === 0) return;
    const ids = new Set(sessions.map(({ session }) => session));
    this.#before = this.#before.filter(({ session }) => !ids.has(session));
    this.#isDue = true;
  }

  /** Looks at what is in memory. Returns what to write now, if anything. */
  observe(heldOf: (lane: Lane) => number, at: Instant): readonly SessionBefore[] | undefined {
    const isRaised = this.#raise(heldOf);
    this.#comeDown(at);
    const isEarly = this.#writtenAt !== undefined && between(this.#writtenAt, at) < writeInterval;
    if (!isRaised && (!this.#isDue || isEarly)) return undefined;
    this.#isDue = false;
    this.#writtenAt = at;
    return this.#sessions(this.#marks);
  }

  /** When a write that had to wait may be made. */
  get dueAt(): Instant | undefined {
    return this.#isDue && this.#writtenAt !== undefined ? later(this.#writtenAt, writeInterval) : undefined;
  }

  /** A disk did not take what `observe` gave. */
  notWritten(): void {
    this.#isDue = true;
  }

  /** The process ends in good order: what it leaves behind is known exactly. */
  last(heldOf: (lane: Lane) => number): readonly SessionBefore[] {
    return this.#sessions(perLane(heldOf));
  }

  #raise(heldOf: (lane: Lane) => number): boolean {
    let isRaised = false;
    for (const lane of laneNumbers) {
      const held = heldOf(lane);
      if (held > this.#peaks[lane]) this.#peaks[lane] = held;
      if (held * 2 <= this.#marks[lane] || markFor(held) <= this.#marks[lane]) continue;
      this.#marks[lane] = markFor(held);
      isRaised = true;
    }
    return isRaised;
  }

  #comeDown(at: Instant): void {
    this.#peaksSince ??= at;
    if (between(this.#peaksSince, at) < calmInterval) return;
    for (const lane of laneNumbers) {
      const peak = this.#peaks[lane];
      if (this.#marks[lane] <= 8 * peak || markFor(peak) >= this.#marks[lane]) continue;
      this.#marks[lane] = markFor(peak);
      this.#isDue = true;
    }
    this.#peaks = perLane(() => 0);
    this.#peaksSince = at;
  }

  #sessions(held: SessionBefore["held"]): readonly SessionBefore[] {
    return shortened([...this.#before, { session: this.#session, held: [...held] }]);
  }
}

/** The power of two that is two to four times as much, within what can be. */
function markFor(held: number): number {
  if (held === 0) return 0;
  const ahead = Math.max(2 ** (Math.floor(Math.log2(held)) + 2), burst);
  return held <= heldMost ? Math.min(ahead, heldMost) : ahead;
}

/** Not more than may be told: the two oldest become one, under the younger's name. */
function shortened(sessions: readonly SessionBefore[]): readonly SessionBefore[] {
  const [oldest, next, ...rest] = sessions;
  if (sessions.length <= sessionsBeforeMax || oldest === undefined || next === undefined) return sessions;
  const held = perLane((lane) => oldest.held[lane] + next.held[lane]);
  return shortened([{ session: next.session, held }, ...rest]);
}
