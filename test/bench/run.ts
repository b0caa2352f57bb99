// `npm run bench`: builds, measures, prints a table and writes bench-results.json. Progress goes to stderr. A bench
// that fails gives no row: it is named with its reason, in the file too, and the exit code is 1.

import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { seconds } from "@interactor/shared/kernel/units";
import { ensureBuilt } from "../../deploy/ensure-built.ts";
import { root } from "../../deploy/layout.ts";
import { agentFootprint } from "./agent-footprint.ts";
import { readArguments } from "./arguments.ts";
import type { Bench, Row } from "./bench.ts";
import { codec } from "./codec.ts";
import { localRoute } from "./local-route.ts";
import { machineFacts } from "./machine.ts";
import { remoteRoute } from "./remote-route.ts";
import { tableOf } from "./table.ts";

const benches = [codec, localRoute, remoteRoute, agentFootprint] as const satisfies readonly Bench[];

/** One bench. They take at most 80 s on an idle machine; one that takes longer than this has failed. */
const benchTimeout = seconds(120);
const exitCodes = { failed: 1, usage: 2, interrupted: 130 } as const;

interface Failure {
  readonly bench: string;
  readonly reason: string;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const asked = readArguments(args, benches);
  if (asked.kind === "print") process.stdout.write(`${asked.text}\n`);
  if (asked.kind === "wrong") process.stderr.write(`${asked.text}\n`);
  if (asked.kind !== "run") return asked.kind === "print" ? 0 : exitCodes.usage;

  const interrupted = untilInterrupted();
  try {
    await ensureBuilt(() => say("building"));
  } catch (error) {
    say(`build failed: ${messageOf(error)}`);
    return exitCodes.failed;
  }
  return measure(asked.benches, interrupted);
}

async function measure(chosen: readonly Bench[], interrupted: AbortSignal): Promise<number> {
  const machine = machineFacts();
  const rows: Row[] = [];
  const failures: Failure[] = [];
  for (const bench of chosen) {
    const signal = AbortSignal.any([interrupted, AbortSignal.timeout(benchTimeout)]);
    try {
      say(`${bench.name}: ${bench.about}`);
      rows.push(...(await bench.run({ signal, progress: (text) => say(`${bench.name}: ${text}`) })));
    } catch (error) {
      // Half a run is no result, and the file keeps what an earlier one wrote.
      if (interrupted.aborted) return exitCodes.interrupted;
      const reason = signal.aborted ? `took longer than ${benchTimeout / 1000} s` : wordsFor(error);
      say(`${bench.name} FAILED: ${reason}`);
      failures.push({ bench: bench.name, reason });
    }
  }
  const { load, ...facts } = machine;
  const header = { ...facts, load_before: load, load_after: machineFacts().load };
  await writeResults({ machine: header, rows, failures });
  const loads = `load ${header.load_before[0]} before, ${header.load_after[0]} after`;
  process.stdout.write(`${header.cpu}, ${header.cores} cores, Node ${header.node}, ${loads}\n\n`);
  process.stdout.write(`${tableOf(rows)}\n`);
  for (const { bench, reason } of failures) process.stdout.write(`\n${bench} FAILED: ${reason}\n`);
  return failures.length > 0 ? exitCodes.failed : 0;
}

async function writeResults(results: object): Promise<void> {
  const path = join(root, "bench-results.json");
  await writeFile(`${path}.new`, `${JSON.stringify(results, undefined, 2)}\n`);
  await rename(`${path}.new`, path);
}

/** Aborts on the first signal; what runs then closes all it has opened, and a second signal changes nothing. */
function untilInterrupted(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (!abort.signal.aborted) say("interrupted: closing what was started");
      abort.abort();
    });
  }
  return abort.signal;
}

function wordsFor(error: unknown): string {
  const hasCause = error instanceof Error && error.cause !== undefined;
  return hasCause ? `${error.message} (${messageOf(error.cause)})` : messageOf(error);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
