/**
 * When what was gathered goes to disk, and whom to tell. One group is on its way at a time. After a pause it goes at
 * once, that is with all that came in the same turn of the event loop; otherwise `commitGap` after the one before
 * began, so that under load many changes share one flush of the disk.
 *
 * A group that fails is kept and tried again before anything newer. Everybody who waits then hears that it is not on
 * disk; who asks later hears of the next attempt.
 */
import type { ChangeFold, ChangeGroup } from "./change-fold.ts";
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

interface Flight {
  readonly group: ChangeGroup;
  readonly bytes: number;
  answers: Answer[];
}

export interface GroupCommitWorld {
  /** Brings a group to disk, or rejects; may be asked to write the same one again. */
  readonly write: (group: ChangeGroup) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export class GroupCommit {
  readonly #fold: ChangeFold;
  readonly #world: GroupCommitWorld;
  /** On its way to disk, or failed and to be tried again. */
  #flight: Flight | undefined;
  /** Wait for what is gathered now. */
  #answers: Answer[] = [];
  #phase: "idle" | "waiting" | "writing" | "failing" | "closed" = "idle";
  #cancelWait = (): void => undefined;
  #beganAt: Instant | undefined;
  #delays: Iterator<Millis, never> | undefined;
  #closing: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(fold: ChangeFold, world: GroupCommitWorld) {
    this.#fold = fold;
    this.#world = world;
  }

  /** Bytes of changes that are not on disk. */
  get waitingBytes(): number {
    return this.#fold.bytes + (this.#flight?.bytes ?? 0);
  }

  /** There is something new to write. */
  changed(): void {
    if (this.#phase === "idle") this.#schedule();
  }

  whenWritten(answer: Answer): void {
    if (this.#phase === "closed") return answer(this.#isAllWritten);
    if (!this.#fold.isEmpty || this.#answers.length > 0) this.#answers.push(answer);
    else if (this.#flight === undefined) answer(true);
    else this.#flight.answers.push(answer);
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
    this.#world.log.error("changes of sessions and retained messages were lost at the end", {
      bytes: this.waitingBytes,
    });
    this.#answerAll(false);
  }

  get #isAllWritten(): boolean {
    return this.#fold.isEmpty && this.#flight === undefined;
  }

  #schedule(): void {
    const rest =
      this.#beganAt === undefined ? 0 : between(this.#world.clock.now(), later(this.#beganAt, commitGap));
    this.#phase = "waiting";
    if (rest > 0) this.#cancelWait = this.#world.clock.after(millis(rest), () => this.#begin());
    else {
      const immediate = setImmediate(() => this.#begin());
      this.#cancelWait = () => clearImmediate(immediate);
    }
  }

  #begin(): void {
    this.#cancelWait();
    this.#phase = "writing";
    this.#beganAt = this.#world.clock.now();
    this.#flight ??= this.#takeOff();
    const flight = this.#flight;
    this.#world.write(flight.group).then(
      () => this.#arrived(flight),
      (error: unknown) => this.#failed(flight, error),
    );
  }

  #takeOff(): Flight {
    const answers = this.#answers;
    this.#answers = [];
    const bytes = this.#fold.bytes;
    return { group: this.#fold.take(), bytes, answers };
  }

  #arrived(flight: Flight): void {
    if (this.#phase === "closed") return;
    if (this.#delays !== undefined) this.#world.log.info("sessions and retained messages are written again");
    this.#delays = undefined;
    // Who asks while these are told comes after them: they are still in flight.
    for (const answer of flight.answers) answer(true);
    this.#flight = undefined;
    if (this.#fold.isEmpty && this.#answers.length === 0) {
      this.#phase = "idle";
      this.#closing?.();
    } else if (this.#closing === undefined) this.#schedule();
    else this.#begin();
  }

  #failed(flight: Flight, error: unknown): void {
    if (this.#phase === "closed" || this.#flight !== flight) return;
    if (this.#delays === undefined) {
      this.#world.log.error(
        "sessions and retained messages cannot be written: nothing that is to be kept is acknowledged until they can",
        { reason: messageOf(error) },
      );
    }
    this.#delays ??= retryDelays({ next: () => 0 }, retryMax);
    this.#phase = "failing";
    this.#cancelWait = this.#world.clock.after(this.#delays.next().value, () => this.#begin());
    this.#answerAll(false);
    this.#closing?.();
  }

  #answerAll(isWritten: boolean): void {
    const answers = [...(this.#flight?.answers ?? []), ...this.#answers];
    if (this.#flight !== undefined) this.#flight.answers = [];
    this.#answers = [];
    for (const answer of answers) answer(isWritten);
  }
}
