import { instant, type Instant, micros } from "@interactor/shared/kernel/units";
import type { SiteClock } from "../ports/site-clock.ts";

/** How far the fine clock may be from the wall clock before it follows a step, in ms. */
const stepMin = 2;

/** What the threads of a process share: how far the site's clock is ahead of the monotonic one, in µs; 0: unknown. */
export const newSteering = (): SharedArrayBuffer => new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);

/**
 * The machine's clocks. The monotonic one is the same in every thread, unlike `performance.now()`, so that one
 * thread can steer the site's clock of all. The own wall clock is read in µs and follows when somebody sets it.
 */
export function systemClock(steering: SharedArrayBuffer): SiteClock {
  const shared = new BigInt64Array(steering);
  let offset = Date.now() - monotonic();
  const own = () => {
    const coarse = Date.now();
    const fine = offset + monotonic();
    if (Math.abs(fine - coarse) <= stepMin) return micros(fine * 1000);
    offset = coarse - monotonic();
    return micros(coarse * 1000);
  };
  const steered = () => Number(Atomics.load(shared, 0));
  return {
    now: monotonic,
    own,
    wall() {
      const ahead = steered();
      return ahead === 0 ? own() : micros(monotonic() * 1000 + ahead);
    },
    get isSynchronised() {
      return steered() !== 0;
    },
    steer: (ahead) => void Atomics.store(shared, 0, BigInt(Math.round(ahead))),
    after(delay, task) {
      const timer = setTimeout(task, delay);
      return () => clearTimeout(timer);
    },
  };
}

function monotonic(): Instant {
  const [seconds, nanoseconds] = process.hrtime();
  return instant(seconds * 1000 + nanoseconds / 1e6);
}
