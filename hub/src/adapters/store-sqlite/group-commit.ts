/**
 * When what was gathered goes to disk, and whom to tell: of changes to sessions as of what agents send. One group is on its way at a time. After a pause it goes at
 * once, that is with all that came in the same turn of the event loop; otherwise `commitGap` after the one before
 * began, so that under load many changes share one flush of the disk.
 *
 * A group that fails is kept and tried again before anything newer. Everybody who waits then hears that it is not on
 * disk, and who asks later hears of the next attempt; or, where `whoWaits` is "goes on waiting", they hear nothing
 * until it is.
 */
import type { Log } from "../../ports/log.ts";
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Instant, type Millis, between, later, millis, seconds } from "@interactor/shared/kernel/units";
import { retryDelays } from "@interactor/shared/supervision/backoff";

/** Shorter: more flushes and more work for the same changes. Longer: a client waits longer for its PUBACK. */
const commitGap = millis(5);
/** Between two attempts while the disk fails. Longer: who waits for an answer waits longer. */
const retryMax = seconds(5);

type Answer = (isWritten: boolean) => void;

/** What is to be written, gathered until it is taken. */
export interface Gathered<Group> {
  readonly isEmpty: boolean;
  readonly bytes: number;
  /** There is enough for one write: what comes goes into the next group, however long this one waits. */
  readonly isFull: boolean;
  take(): Group;
}

interface Flight<Group> {
  readonly group: Group;
  readonly bytes: number;
  answers: Answer[];
}

export interface GroupCommitWorld<Group> {
  /** Brings a group to disk, or rejects; may be asked to write the same one again. */
  readonly write: (group: Group) => Promise<void>;
  /** What is written, in words for a log. */
  readonly what: string;
  /** While the disk fails. */
  readonly whoWaits: "is told" | "goes on waiting";
  readonly clock: Clock;
  readonly log: Log;
}

export class GroupCommit<Group> {
  readonly #gathered: Gathered<Group>;
  readonly #world: GroupCommitWorld<Group>;
  /** Why nothing can be written at present. */
  problem: string | undefined;
  /** On its way to disk, or failed and to be tried again. */
  #flight: Flight<Group> | undefined;
  /** Groups taken so far. */
  #taken = 0;
  /** Closed groups that go after it, and their bytes. */
  readonly #closedGroups: Flight<Group>[] = [];
  #closedBytes = 0;
  /** Wait for what is gathered now. */
  #answers: Answer[] = [];
  #phase: "idle" | "waiting" | "writing" | "failing" | "closed" = "idle";
  #cancelWait = (): void => undefined;
  #beganAt: Instant | undefined;
  #delays: Iterator<Millis, never> | undefined;
  #closing: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(gathered: Gathered<Group>, world: GroupCommitWorld<Group>) {
    this.#gathered = gathered;
    this.#world = world;
  }

  /** Bytes of changes that are not on disk. */
  get waitingBytes(): number {
    return this.#gathered.bytes + this.#closedBytes + (this.#flight?.bytes ?? 0);
  }

  /** The group that everything taken so far is in or before. */
  get group(): number {
    return this.#gathered.isEmpty ? this.#taken : this.#taken + 1;
  }

  /** There is something new to write. */
  changed(): void {
    if (this.#gathered.isFull) this.#closeGroup();
    if (this.#phase === "idle") this.#schedule();
  }

  whenWritten(answer: Answer): void {
    if (this.#phase === "closed") return answer(this.#isAllWritten);
    if (!this.#gathered.isEmpty || this.#answers.length > 0) return void this.#answers.push(answer);
    const last = this.#closedGroups.at(-1) ?? this.#flight;
    if (last === undefined) answer(true);
    else last.answers.push(answer);
  }

  /** Writes what waits, with one attempt and no longer than `span`; afterwards nothing is written. */
  close(span: Millis): Promise<void> {
    return (this.#closed ??= this.#close(span));
  }

  async #close(span: Millis): Promise<void> {
    if (this.#phase !== "idle") {
      await new Promise<void>((resolve) => {
        const cancelLimit = this.#world.clock.after(span, resolve);
        this.#closing = () => {
          cancelLimit();
          resolve();
        };
        if (this.#phase !== "writing") this.#begin();
      });
    }
    this.#cancelWait();
    this.#phase = "closed";
    if (this.#isAllWritten) return;
    const { what, log } = this.#world;
    log.error(`some of what was to be written was lost at the end: ${what}`, { bytes: this.waitingBytes });
    this.#answerAll(false);
  }

  get #isAllWritten(): boolean {
    return this.#gathered.isEmpty && this.#closedGroups.length === 0 && this.#flight === undefined;
  }

  #schedule(): void {
    const rest =
      this.#beganAt === undefined ? 0 : between(this.#world.clock.now(), later(this.#beganAt, commitGap));
    this.#phase = "waiting";
    if (rest > 0) this.#cancelWait = this.#world.clock.after(millis(rest), () => this.#begin());
    else {
      // What is urgent goes out at the end of this turn of the event loop, and does not wait for a commit's preparation.
      let immediate = setImmediate(() => (immediate = setImmediate(() => this.#begin())));
      this.#cancelWait = () => clearImmediate(immediate);
    }
  }

  #begin(): void {
    this.#cancelWait();
    this.#phase = "writing";
    this.#beganAt = this.#world.clock.now();
    this.#flight ??= this.#oldestClosed() ?? this.#takeOff();
    const flight = this.#flight;
    this.#world.write(flight.group).then(
      () => this.#arrived(flight),
      (error: unknown) => this.#failed(flight, error),
    );
  }

  #closeGroup(): void {
    const group = this.#takeOff();
    this.#closedGroups.push(group);
    this.#closedBytes += group.bytes;
  }

  #oldestClosed(): Flight<Group> | undefined {
    const group = this.#closedGroups.shift();
    this.#closedBytes -= group?.bytes ?? 0;
    return group;
  }

  #takeOff(): Flight<Group> {
    const answers = this.#answers;
    this.#answers = [];
    this.#taken += 1;
    const bytes = this.#gathered.bytes;
    return { group: this.#gathered.take(), bytes, answers };
  }

  #arrived(flight: Flight<Group>): void {
    if (this.#phase === "closed") return;
    const { what, log } = this.#world;
    if (this.#delays !== undefined) log.info(`what could not be written is written again: ${what}`);
    this.#delays = undefined;
    this.problem = undefined;
    // Who asks while these are told comes after them: they are still in flight.
    for (const answer of flight.answers) answer(true);
    this.#flight = undefined;
    if (this.#isAllWritten && this.#answers.length === 0) {
      this.#phase = "idle";
      this.#closing?.();
    } else if (this.#closing === undefined) this.#schedule();
    else this.#begin();
  }

  #failed(flight: Flight<Group>, error: unknown): void {
    if (this.#phase === "closed" || this.#flight !== flight) return;
    const { what, log, whoWaits } = this.#world;
    this.problem = `${what} cannot be written: ${messageOf(error)}`;
    if (this.#delays === undefined) {
      const words = `${what} cannot be written: nothing that is to be kept is acknowledged until they can`;
      log.error(words, { reason: messageOf(error) });
    }
    this.#delays ??= retryDelays({ next: () => 0 }, retryMax);
    this.#phase = "failing";
    this.#cancelWait = this.#world.clock.after(this.#delays.next().value, () => this.#begin());
    if (whoWaits === "is told") this.#answerAll(false);
    this.#closing?.();
  }

  #answerAll(isWritten: boolean): void {
    const flights = [...(this.#flight === undefined ? [] : [this.#flight]), ...this.#closedGroups];
    const answers = [...flights.flatMap((flight) => flight.answers), ...this.#answers];
    for (const flight of flights) flight.answers = [];
    this.#answers = [];
    for (const answer of answers) answer(isWritten);
  }
}
