import { between, type Instant, type Micros, type Millis, millis } from "./units.ts";

/** What a shell knows about time. A core never holds one: it is told the time in its events. */
export interface Clock {
  /** Monotonic: unaffected by steps of the wall clock. For every delay, deadline and TTL. */
  now(): Instant;
  /** The wall clock, for stamps that leave the process. May step. */
  wall(): Micros;
  /** Runs `task` once, no earlier than `delay` from now, unless the returned function is called first. */
  after(delay: Millis, task: () => void): () => void;
}

/** Runs `task` once when it is `due`, or at once if that is past, unless the returned function is called first. */
export const whenDue = (clock: Clock, due: Instant, task: () => void): (() => void) =>
  clock.after(millis(Math.max(between(clock.now(), due), 0)), task);
