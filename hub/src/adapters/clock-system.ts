import { readFileSync } from "node:fs";
import type { Clock } from "@interactor/shared/kernel/clock";
import { between, instant, micros, type Micros } from "@interactor/shared/kernel/units";

/** How far the fine clock may be from the wall clock before it follows a step, in ms. */
const stepMin = 2;

/** The wall clock is looked at no more often, in ms: each message asks for the time, and it is the slow one of the two. */
const lookEvery = 1;

/** The machine's clocks. The wall clock is read in µs and follows when somebody sets it. */
export function systemClock(): Clock {
  let offset = Date.now() - performance.now();
  let lookedAt = performance.now();
  return {
    now: () => instant(performance.now()),
    wall() {
      const now = performance.now();
      if (now - lookedAt >= lookEvery) {
        lookedAt = now;
        const coarse = Date.now();
        if (Math.abs(offset + now - coarse) > stepMin) offset = coarse - now;
      }
      return micros((offset + now) * 1000);
    },
    after(delay, task) {
      const timer = setTimeout(task, delay);
      return () => clearTimeout(timer);
    },
  };
}

/**
 * A wall clock that nobody sets while the hub runs, for ages that outlive it: what was read before a step and what is
 * read after it stay comparable, so that setting the date ends no session.
 */
export function steadyWall(clock: Pick<Clock, "now" | "wall">): () => Micros {
  const began = { now: clock.now(), wall: clock.wall() };
  return () => micros(began.wall + between(began.now, clock.now()) * 1000);
}

/** How long the machine runs. Where nothing says which start it is, its uptime means nothing to the next process. */
export function systemUptime(): { readonly boot: string; now(): Micros } {
  let boot = "";
  try {
    boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Not on Linux: the wall clock has to do.
  }
  return { boot, now: () => micros(Number(process.hrtime.bigint() / 1000n)) };
}
