// One version of an instance takes over from another while messages come: every one is taken once, by one of them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, vi } from "vitest";
import { processTree } from "@interactor/agent/src/adapters/module-host-sandbox/process-tree.ts";
import { decodeCbor } from "@interactor/shared/wire/cbor";
import { requires } from "../../e2e/requires.ts";
import { openRelays, type RelayBench } from "./relay-bench.ts";
import { longestPauses, sending, upTo } from "./relay-load.ts";

const kinds = [
  { kind: "worker", test: requires() },
  { kind: "sandbox", test: requires("bwrap") },
] as const;

/** Another version, or the same one with other settings, in turn. */
async function swap(bench: RelayBench, turns: readonly number[], settings: object = {}): Promise<void> {
  for (const turn of turns) {
    const version = turn % 3 === 1 ? "2.0.0" : "1.0.0";
    expect(await bench.takeOver(version, { ...settings, label: `turn ${turn}` })).toBeUndefined();
  }
}

/** Sends messages and waits until they have passed. */
async function pass(bench: RelayBench, first: number, last: number): Promise<void> {
  for (let message = first; message <= last; message += 1) bench.send(message);
  await vi.waitFor(() => expect(bench.passed.map(({ message }) => message)).toEqual(upTo(last)), {
    timeout: 10_000,
  });
}

const versions = ["1.0.0", "2.0.0"];

/** What this process has open: threads, processes, handles. */
const open = () => ({
  processes: processTree(process.pid).length,
  handles: readdirSync("/proc/self/fd").length,
  threads: readdirSync("/proc/self/task").length,
  resources: process
    .getActiveResourcesInfo()
    .filter((each) => /Port|Worker|Process|Pipe/.test(each))
    .toSorted()
    .join(),
});

describe.each(kinds)("in a $kind", ({ kind, test }) => {
  test("at a thousand messages a second nothing is lost or doubled", { timeout: 120_000 }, async () => {
    await using bench = await openRelays(kind, { versions });
    await bench.start("1.0.0");
    using sender = sending(bench);

    await swap(bench, upTo(4));
    const before = open();
    await swap(bench, upTo(10).slice(4));

    const sent = await sender.end();
    expect(bench.passed.map(({ message }) => message)).toEqual(upTo(sent));
    const heard = [...new Set(bench.passed.map(({ by }) => by))];
    expect(heard).toEqual(["1.0.0", ...upTo(10).map((turn) => `turn ${turn}`)]);
    await vi.waitFor(() => expect(open()).toEqual(before), { timeout: 10_000 });
    const pauses = longestPauses(bench);
    process.stderr.write(`${kind}: longest pauses of ten changes ${pauses.map(Math.round).join(", ")} ms\n`);
    // The goal is 50 ms for 99 of 100, which the bench shows.
    expect(pauses[8]).toBeLessThan(250);
  });

  test("what it keeps goes over with it, brought to its version", { timeout: 120_000 }, async () => {
    await using bench = await openRelays(kind, { versions });
    await bench.start("1.0.0", { keeps: true });
    using sender = sending(bench);

    await swap(bench, upTo(4), { keeps: true });

    const sent = await sender.end();
    expect(bench.passed.map(({ message }) => message)).toEqual(upTo(sent));
    expect(bench.passed.map(({ count }) => count)).toEqual(upTo(sent));
    const kept = decodeCbor(readFileSync(join(bench.folder, "modules", "relay.cbor")));
    expect(kept).toMatchObject({ ok: true, value: { "@version": "2.0.0", migrated: "1.0.0 to 2.0.0" } });

    // What comes back, because this one is no good, goes on where it was.
    const back = { ...bench.spec("1.0.0", { keeps: true }), isBack: true };
    expect(await bench.host.beside.start(back)).toBeUndefined();
    expect(await bench.host.beside.takeOver("relay")).toBeUndefined();
    bench.send(sent + 1);
    await vi.waitFor(() => expect(bench.passed).toHaveLength(sent + 1), { timeout: 5000 });
    const left = bench.passed.filter(({ by }) => by !== "turn 4").at(-2)?.count ?? Number.NaN;
    expect(bench.passed.at(-1)).toEqual({ message: sent + 1, by: "1.0.0", count: left + 1 });
  });

  test("what the old one has begun it finishes", { timeout: 60_000 }, async () => {
    await using bench = await openRelays(kind, { versions });
    await bench.start("1.0.0", { takes: 200 });
    expect(await bench.host.beside.start(bench.spec("2.0.0"))).toBeUndefined();

    for (const message of upTo(50)) bench.send(message);
    const taking = bench.host.beside.takeOver("relay");
    for (const message of upTo(50)) bench.send(50 + message);
    expect(await taking).toBeUndefined();

    await vi.waitFor(() => expect(bench.passed).toHaveLength(100), { timeout: 5000 });
    expect(bench.passed.map(({ message }) => message)).toEqual(upTo(100));
    expect(bench.passed[49]?.by).toBe("1.0.0");
    expect(bench.passed[50]?.by).toBe("2.0.0");
  });

  test("what an actuator holds the new one is told first", { timeout: 60_000 }, async () => {
    await using bench = await openRelays(kind, { versions });
    await bench.start("1.0.0");
    bench.set(0.5);
    await bench.host.beside.start(bench.spec("2.0.0"));

    const taking = bench.host.beside.takeOver("relay");
    bench.send(1);
    await taking;

    await vi.waitFor(() => expect(bench.passed).toHaveLength(1), { timeout: 5000 });
    const said = bench.outputs.map(({ output, value }) => `${output} ${JSON.stringify(value)}`);
    expect(said).toEqual([
      'version "1.0.0"',
      "held 0.5",
      'version "2.0.0"',
      "held 0.5",
      'passed {"message":1,"by":"2.0.0","count":1}',
    ]);
  });

  test("one that is no good leaves the old one to go on", { timeout: 120_000 }, async () => {
    await using bench = await openRelays(kind, { versions: [...versions, "7.0.0"] });
    await bench.start("1.0.0", { keeps: true });
    await pass(bench, 1, 5);
    const before = open();
    let last = 5;

    for (const [version, settings, words] of [
      ["2.0.0", { fails: "start" }, "no power"],
      ["2.0.0", { fails: "self-test" }, "no reading"],
      ["2.0.0", { takes: "long" }, /settings\.takes/],
      ["7.0.0", {}, "what is kept cannot be read"],
      ["9.0.0", {}, 'there is no module "relay" of version 9.0.0'],
      // Brought up beside, and not a second time when what is kept has become more.
      ["2.0.0", { fails: "second start", keeps: true }, "not with these"],
    ] as const) {
      const taking = bench.takeOver(version, settings);
      for (const step of [1, 2, 3]) bench.send(last + step);
      expect(await taking).toMatch(words);
      await pass(bench, last + 4, last + 5);
      last += 5;
    }

    expect(bench.passed.map(({ by }) => by)).toEqual(upTo(last).map(() => "1.0.0"));
    expect(bench.passed.map(({ count }) => count)).toEqual(upTo(last));
    await vi.waitFor(() => expect(open()).toEqual(before), { timeout: 10_000 });
    expect(await bench.takeOver("2.0.0", { keeps: true })).toBeUndefined();
    await pass(bench, last + 1, last + 1);
    expect(bench.passed.at(-1)).toEqual({ message: last + 1, by: "2.0.0", count: last + 1 });
  });

  test("one that does not stop is ended, and the new one goes on", { timeout: 60_000 }, async () => {
    await using bench = await openRelays(kind, { versions });
    await bench.start("1.0.0", { stopTakes: 60_000 });

    expect(await bench.takeOver("2.0.0")).toBeUndefined();
    await pass(bench, 1, 3);

    expect(bench.passed.map(({ by }) => by)).toEqual(["2.0.0", "2.0.0", "2.0.0"]);
    expect(bench.logged).toContain("relay did not stop in time and was ended");
  });
});
