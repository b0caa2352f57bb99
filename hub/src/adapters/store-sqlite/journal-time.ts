/**
 * The journal's own time. It goes on where the last commit on disk stood and runs with the process's clock, so it never
 * jumps or goes back, whatever the machine takes for the date: what is newer, and how old something is, can be judged by
 * it. It stands still while no hub runs.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { between, type Instant, type Micros, micros } from "@interactor/shared/kernel/units";

export class JournalTime {
  readonly #clock: Clock;
  readonly #start: { readonly instant: Instant; readonly at: Micros };
  #last: Micros;

  /** `began`: when the last commit was made; without one it begins with the date, which nothing depends on then. */
  constructor(clock: Clock, began: Micros | undefined) {
    this.#clock = clock;
    this.#start = { instant: clock.now(), at: began ?? clock.wall() };
    this.#last = this.#start.at;
  }

  now(): Micros {
    const { instant, at } = this.#start;
    return micros(at + between(instant, this.#clock.now()) * 1000);
  }

  /** For a commit: later than that of every other. */
  next(): Micros {
    this.#last = micros(Math.max(this.now(), this.#last + 1));
    return this.#last;
  }

  /** When that was by the machine's clock, as if the hub had run since. */
  onTheWall(at: Micros): Micros {
    return micros(this.#clock.wall() - (this.now() - at));
  }
}
