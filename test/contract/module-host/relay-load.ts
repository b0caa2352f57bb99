// Messages for a relay, a thousand a second, and what is seen of them.

import { setTimeout as sleep } from "node:timers/promises";
import type { RelayBench } from "./relay-bench.ts";

export const upTo = (last: number): readonly number[] =>
  Array.from({ length: last }, (_, index) => index + 1);

/** Messages in flight get so long to pass, in ms. */
const passMax = 10_000;

/** Sends until it is ended or disposed of. */
export function sending(bench: RelayBench) {
  const from = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = performance.now() - from;
    while (sent < due) bench.send((sent += 1));
  }, 1);
  return {
    /** Returns how many were sent, all of which have passed or never will. */
    async end(): Promise<number> {
      clearInterval(timer);
      const until = performance.now() + passMax;
      while (bench.passed.length < sent && performance.now() < until) await sleep(5);
      return sent;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** The longest time between two messages that passed, of each change, in ms, shortest first. */
export const longestPauses = ({ changes, times }: RelayBench): readonly number[] =>
  longestPausesIn(changes, times);

/** The same of any spans of time. */
export function longestPausesIn(
  spans: readonly { readonly from: number; readonly to: number }[],
  times: readonly number[],
): readonly number[] {
  return spans
    .map(({ from, to }) => {
      let longest = 0;
      for (let index = 1; index < times.length; index += 1) {
        const [before = 0, after = 0] = [times[index - 1], times[index]];
        if (after >= from && before <= to) longest = Math.max(longest, after - before);
      }
      return longest;
    })
    .toSorted((left, right) => left - right);
}
