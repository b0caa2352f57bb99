import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { micros } from "@interactor/shared/kernel/units";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { Value } from "@interactor/shared/wire/value";
import type { ModuleHost } from "../../ports/module-host.ts";
import { workerHost } from "./module-host-worker.ts";

/** Runs the real inside of a worker with a module that says what its inputs take, and hangs when told to. */
const code = `
  import { parentPort, workerData } from "node:worker_threads";
  import { runWorker } from ${JSON.stringify(new URL("worker.ts", import.meta.url))};

  const start = (context) => {
    context.onInput((input, applied) => {
      context.log.info(input + " " + applied.value);
      const end = performance.now() + applied.value;
      while (input === "hang" && performance.now() < end);
    });
    return { stop() {} };
  };
  const load = async () => ({ prepare: () => ({ ports: { outputs: [], inputs: [] }, start }) });
  runWorker(parentPort, workerData, load, { wall: () => 0 });
`;

interface Bench extends AsyncDisposable {
  readonly host: ModuleHost;
  /** What the module took, in order. */
  readonly taken: readonly string[];
  readonly reports: readonly InstanceReport[];
  readonly starts: () => number;
  apply(input: string, value: Value): void;
}

/** A host with one instance, which runs. */
async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "interactor-worker-"));
  const file = join(folder, "worker.mjs");
  await writeFile(file, code);
  const taken: string[] = [];
  const reports: InstanceReport[] = [];
  let starts = 0;
  const log = {
    info: (words: string) => void taken.push(words),
    warn: () => undefined,
    error: () => undefined,
  };
  const steering = new SharedArrayBuffer(8);
  const random = { next: () => 0 };
  const setup = { file, groupOf: () => "light", site: "demo", node: "stage", steering, random, log };
  const host = workerHost(setup, {
    declared: () => undefined,
    started: () => void (starts += 1),
    output: () => undefined,
    stateChanged: (_instance, report) => void reports.push(report),
  });
  host.start({ name: "lamp", module: "lamp", settings: {} });
  await vi.waitFor(() => expect(reports).toEqual([{ state: "running" }]), { timeout: 10_000 });
  return {
    host,
    taken,
    reports,
    starts: () => starts,
    apply: (input, value) => host.apply("lamp", input, { value, at: micros(0), owner: "manual" }),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

test("a worker that hangs is ended, and its instances start again", { timeout: 40_000 }, async () => {
  await using bench = await openBench();

  bench.apply("hang", 60_000);

  await vi.waitFor(() => expect(bench.reports).toHaveLength(2), { timeout: 15_000 });
  expect(bench.reports[1]).toEqual({
    state: "failed",
    reason: "the worker died: it did not answer for 5 s; it starts again in 1 s",
  });
  await vi.waitFor(() => expect(bench.reports[2]).toEqual({ state: "running" }), { timeout: 10_000 });
  expect(bench.starts()).toBe(2);
  bench.apply("level", 3);
  await vi.waitFor(() => expect(bench.taken).toContain("lamp: level 3"), { timeout: 5000 });
});

test(
  "of what comes while a worker is silent it gets the latest, and is not ended",
  { timeout: 30_000 },
  async () => {
    await using bench = await openBench();

    bench.apply("hang", 4000);
    // A ping and one round without an answer.
    await sleep(2500);
    for (let level = 1; level <= 1000; level++) {
      bench.apply("level", level);
      bench.apply("other", -level);
      if (level % 100 === 0) await sleep(1);
    }

    await vi.waitFor(() => expect(bench.taken).toContain("lamp: other -1000"), { timeout: 10_000 });
    expect(bench.taken).toEqual(["lamp: hang 4000", "lamp: level 1000", "lamp: other -1000"]);
    bench.apply("level", 7);
    await vi.waitFor(() => expect(bench.taken.at(-1)).toBe("lamp: level 7"), { timeout: 5000 });
    expect(bench.reports).toEqual([{ state: "running" }]);
  },
);
