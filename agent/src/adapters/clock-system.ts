import type { Clock } from "@interactor/shared/kernel/clock";
import { instant, micros } from "@interactor/shared/kernel/units";

/** How far the fine clock may be from the wall clock before it follows a step, in ms. */
const stepMin = 2;

/** The machine's clocks. The wall clock is read in µs and follows when somebody sets it. */
export function systemClock(): Clock {
  let offset = Date.now() - performance.now();
  return {
    now: () => instant(performance.now()),
    wall() {
      const coarse = Date.now();
      const fine = offset + performance.now();
      if (Math.abs(fine - coarse) <= stepMin) return micros(fine * 1000);
      offset = coarse - performance.now();
      return micros(coarse * 1000);
    },
    after(delay, task) {
      const timer = setTimeout(task, delay);
      return () => clearTimeout(timer);
    },
  };
}
