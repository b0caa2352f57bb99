// One version of an instance takes over from another while messages come: every one is taken once, by one of them.

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, vi } from "vitest";
import { requires } from "../../e2e/requires.ts";
import { openRelays, type RelayBench } from "./relay-bench.ts";

const kinds = [
  { kind: "worker", test: requires() },
  { kind: "sandbox", test: requires("bwrap") },
] as const;

/** Sends a thousand messages a second until it is disposed of. */
function sending(bench: RelayBench) {
  const from = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (const due = performance.now() - from; sent < due;) bench.send((sent += 1));
  }, 1);
  return {
    async end(): Promise<number> {
      clearInterval(timer);
      await vi.waitFor(() => expect(bench.passed.length).toBeGreaterThanOrEqual(sent), { timeout: 10_000 });
      return sent;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

describe.each(kinds)("in a $kind", ({ kind, test }) => {
  test(
    "under a thousand messages a second nothing is lost, doubled or overtaken",
    { timeout: 120_000 },
    async () => {
      await using bench = await openRelays(kind, { versions: ["1.0.0", "2.0.0"] });
      await bench.start("1.0.0");
      using sender = sending(bench);

      for (const turn of upTo(10)) {
        expect(
          await bench.takeOver(turn % 2 === 1 ? "2.0.0" : "1.0.0", { label: `turn ${turn}` }),
        ).toBeUndefined();
        await sleep(50);
      }

      const sent = await sender.end();
      expect(bench.passed.map(({ message }) => message)).toEqual(upTo(sent));
      const heard = [...new Set(bench.passed.map(({ by }) => by))];
      expect(heard).toEqual(["1.0.0", ...upTo(10).map((turn) => `turn ${turn}`)]);
    },
  );
});
