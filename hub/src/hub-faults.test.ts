import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { HubCounters } from "./core/registry/counters.ts";
import { HubFaults } from "./hub-faults.ts";
import type { Log } from "./ports/log.ts";

function bench() {
  const clock = new VirtualClock();
  const counters = new HubCounters();
  const lines: string[] = [];
  const write = (message: string, details?: Readonly<Record<string, unknown>>) =>
    void lines.push(`${message} ${JSON.stringify(details)}`);
  const log: Log = { info: write, warn: write, error: write };
  return { clock, counters, lines, faults: new HubFaults({ clock, log, counters }) };
}

test("each of thirty clients that are cut is named", () => {
  const { faults, lines, counters } = bench();

  for (let index = 0; index < 30; index++)
    faults.client("protocol", `client-${index}: QoS 3`, { who: `client-${index}` });

  expect(lines).toHaveLength(30);
  expect(lines[29]).toBe('a client is cut off: protocol {"details":"client-29: QoS 3"}');
  expect(counters.faults.cut.entries()).toEqual([["protocol", 30]]);
});

test("who is read more slowly again and again is named once, and the rest is summed up after ten seconds", () => {
  const { faults, lines, clock, counters } = bench();
  for (let time = 0; time < 413; time++)
    faults.client("rate", "fast: it sends too much", { who: "fast", outcome: "slowed" });
  faults.sumUp();
  expect(lines).toEqual(['a client is read more slowly: rate {"details":"fast: it sends too much"}']);

  clock.advance(seconds(10));
  faults.sumUp();

  expect(lines.slice(1)).toEqual([
    'a client is read more slowly: rate … and 412 more like it in the last 10 s {"last":"fast"}',
  ]);
  expect(counters.faults.slowed.entries()).toEqual([["rate", 413]]);
  expect(counters.faults.cut.entries()).toEqual([]);
});

test("at the end everything is summed up, of clients and of messages", () => {
  const { faults, lines } = bench();
  for (let time = 0; time < 3; time++) {
    faults.message("up", "empty", "pi");
    faults.client("session-quota", "gone", { who: "gone", outcome: "evicted", count: 5 });
  }

  faults.end();

  expect(lines.slice(2)).toEqual([
    'messages for a client are evicted: session-quota … and 2 more like it in the last 0 s {"last":"gone"}',
    'refused a message on up: empty … and 2 more like it in the last 0 s {"last":"pi"}',
  ]);
});

test("a name of 64 KB does not fill the log", () => {
  const { faults, lines } = bench();
  const name = "x".repeat(65_535);

  faults.client("stalled", `${name}: took nothing`, { who: name });
  faults.client("stalled", `${name}: took nothing`, { who: name });
  faults.end();

  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line.length).toBeLessThan(500);
});

test("a node that comes and goes all the time has a line of each kind in an interval, and the rest is summed up", () => {
  const { faults, lines, clock } = bench();
  for (let time = 0; time < 500; time++) {
    faults.node("nodes are init", "pi", { level: "info", words: "node pi is init" });
    faults.node("nodes are lost", "pi", {
      level: "warn",
      words: "node pi is lost",
      details: { connection: time },
    });
  }
  faults.node("nodes are lost", "other", { level: "warn", words: "node other is lost" });
  expect(lines).toEqual([
    "node pi is init undefined",
    'node pi is lost {"connection":0}',
    "node other is lost undefined",
  ]);

  clock.advance(seconds(10));
  faults.sumUp();

  expect(lines.slice(3)).toEqual([
    'nodes are init … and 499 more like it in the last 10 s {"last":"pi"}',
    'nodes are lost … and 499 more like it in the last 10 s {"last":"pi"}',
  ]);
});
