import type { Instant, Micros, Millis } from "./units.ts";

/** What a shell knows about time. A core never holds one: it is told the time in its events. */
export interface Clock {
  /** Monotonic: unaffected by steps of the wall clock. For every delay, deadline and TTL. */
  now(): Instant;
  /** The wall clock, for stamps that leave the process. May step. */
  wall(): Micros;
  /** Runs `task` once, no earlier than `delay` from now, unless the returned function is called first. */
  after(delay: Millis, task: () => void): () => void;
}
