import type { Clock } from "../kernel/clock.ts";
import { type Instant, type Micros, type Millis, instant, micros } from "../kernel/units.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that moves only when told to, and runs what falls due on the way in order. */
export class VirtualClock implements Clock {
  #now = 0;
  #wallOffset: number;
  #order = 0;
  #timers: Timer[] = [];

  /** `startsAt`: the wall time at instant 0, in ms since 1970. */
  constructor(startsAt = 1_800_000_000_000) {
    this.#wallOffset = startsAt;
  }

  now(): Instant {
    return instant(this.#now);
  }

  wall(): Micros {
    return micros((this.#wallOffset + this.#now) * 1000);
  }

  after(delay: Millis, task: () => void): () => void {
    const timer = { due: this.#now + delay, order: this.#order++, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  advance(span: Millis): void {
    const end = this.#now + span;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const due = next;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.#now = Math.max(this.#now, due.due);
      due.task();
    }
    this.#now = end;
  }

  /** Steps the wall clock without moving time, as NTP or a person does. */
  stepWall(span: number): void {
    this.#wallOffset += span;
  }

  #next(end: number): Timer | undefined {
    return this.#timers
      .filter((timer) => timer.due <= end)
      .toSorted((left, right) => left.due - right.due || left.order - right.order)[0];
  }
}
