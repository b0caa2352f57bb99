// The clock of an agent that lives through a day in less: it runs as the machine's does, and can be driven ahead.

import type { SiteClock } from "@interactor/agent/src/ports/site-clock.ts";
import {
  between,
  type Instant,
  instant,
  later,
  type Micros,
  micros,
  type Millis,
} from "@interactor/shared/kernel/units";

interface Timer {
  readonly due: Instant;
  readonly task: () => void;
}

export class SkippingClock implements SiteClock {
  /** Its wall clock begins so much in the past, so that it is right in the end. */
  readonly #behind: Millis;
  readonly #timers = new Set<Timer>();
  #skipped = 0;
  #ahead: number | undefined;
  #alarm: NodeJS.Timeout | undefined;

  constructor(behind: Millis) {
    this.#behind = behind;
  }

  get isSynchronised(): boolean {
    return this.#ahead !== undefined;
  }

  now(): Instant {
    return instant(performance.now() + this.#skipped);
  }

  own(): Micros {
    return micros(Math.round((Date.now() - this.#behind + this.#skipped) * 1000));
  }

  wall(): Micros {
    return this.#ahead === undefined ? this.own() : micros(Math.round(this.now() * 1000 + this.#ahead));
  }

  steer(ahead: number): void {
    this.#ahead = ahead;
  }

  after(delay: Millis, task: () => void): () => void {
    const timer = { due: later(this.now(), delay), task };
    this.#timers.add(timer);
    this.#arm();
    return () => void this.#timers.delete(timer);
  }

  /** Drives it ahead; what falls due on the way is done at its time. */
  skip(span: Millis): void {
    const end = later(this.now(), span);
    for (let next = this.#next(); next !== undefined && next.due <= end; next = this.#next()) {
      this.#skipped += Math.max(between(this.now(), next.due), 0);
      this.#timers.delete(next);
      next.task();
    }
    this.#skipped += Math.max(between(this.now(), end), 0);
    this.#arm();
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.due < next.due) next = timer;
    return next;
  }

  #arm(): void {
    clearTimeout(this.#alarm);
    const next = this.#next();
    if (next === undefined) return;
    this.#alarm = setTimeout(() => this.#ring(), Math.max(between(this.now(), next.due), 0));
  }

  #ring(): void {
    const due = [...this.#timers].filter((timer) => timer.due <= this.now());
    for (const timer of due.toSorted((a, b) => a.due - b.due)) if (this.#timers.delete(timer)) timer.task();
    this.#arm();
  }
}
