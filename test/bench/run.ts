// `npm run bench`: builds, measures, prints a table and writes bench-results.json. Progress goes to stderr. A bench
// that fails gives no row: it is named with its reason, in the file too, and the exit code is 1. With `--profile` it
// measures nothing and shows where the hub's time goes.

import { rename, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { seconds } from "@interactor/shared/kernel/units";
import { ensureBuilt } from "../../deploy/ensure-built.ts";
import { root } from "../../deploy/layout.ts";
import { agentFootprint } from "./agent-footprint.ts";
import { applyFleet } from "./apply-fleet.ts";
import { type Asked, readArguments } from "./arguments.ts";
import type { Bench, Row } from "./bench.ts";
import { brokerBenches } from "./broker/broker-bench.ts";
import { comparisonMarkdown, comparisonOf, comparisonText } from "./broker/comparison.ts";
import { profiled, profileLoad } from "./broker/profiled-run.ts";
import { durableIngest } from "./broker/durable-ingest.ts";
import { codec } from "./codec.ts";
import { commandAnswer } from "./command-answer.ts";
import { fleet500 } from "./fleet/fleet-bench.ts";
import { filePull } from "./file-pull.ts";
import { hotSwap } from "./hot-swap/hot-swap.ts";
import { journal } from "./journal.ts";
import { localRoute } from "./local-route.ts";
import { machineFacts } from "./machine.ts";
import { moduleGuests } from "./module-guests/module-guests.ts";
import { remoteRoute } from "./remote-route.ts";
import { replay } from "./replay.ts";
import { routes } from "./routes.ts";
import { sensorEdge } from "./sensor-edge.ts";
import { showStop } from "./show-stop.ts";
import { siteFile } from "./site-file.ts";
import { spoolDrain } from "./spool-drain.ts";
import { tableOf } from "./table.ts";
import { universesBench } from "./universes/universes.ts";
import { criticalBehindBacklog } from "./urgent/critical-behind-backlog.ts";
import { criticalUnderLoad } from "./urgent/critical-under-load.ts";
import { remoteRouteDurable } from "./urgent/remote-route-durable.ts";

const benches: readonly Bench[] = [
  codec,
  siteFile,
  routes,
  replay,
  localRoute,
  sensorEdge,
  remoteRoute,
  remoteRouteDurable,
  criticalBehindBacklog,
  criticalUnderLoad,
  showStop,
  universesBench,
  spoolDrain,
  filePull,
  commandAnswer,
  agentFootprint,
  moduleGuests,
  hotSwap,
  fleet500,
  applyFleet,
  ...durableIngest,
  journal,
  ...brokerBenches,
];

/**
 * One bench; one that takes longer has failed. Most take at most 80 s on an idle machine. Those of brokers measure
 * five subjects five times in two shapes, two seconds each, and ten thousand connections take a busy broker longer.
 */
const benchTimeout = seconds(300);
const exitCodes = { failed: 1, usage: 2, interrupted: 130 } as const;

interface Failure {
  readonly bench: string;
  readonly reason: string;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const asked = readArguments(args, benches, profiled);
  if (asked.kind === "print") process.stdout.write(`${asked.text}\n`);
  if (asked.kind === "wrong") process.stderr.write(`${asked.text}\n`);
  if (asked.kind === "print") return 0;
  if (asked.kind === "wrong") return exitCodes.usage;

  const interrupted = untilInterrupted();
  try {
    await ensureBuilt(() => say("building"));
  } catch (error) {
    say(`build failed: ${messageOf(error)}`);
    return exitCodes.failed;
  }
  if (asked.kind === "profile") return profile(asked.load, interrupted);
  return measure(asked, interrupted);
}

async function profile(load: string, interrupted: AbortSignal): Promise<number> {
  say(`${load}: the hub under Node's CPU profiler`);
  try {
    const signal = AbortSignal.any([interrupted, AbortSignal.timeout(benchTimeout)]);
    const { path, text } = await profileLoad(load, signal);
    process.stdout.write(`${text}\n\nwritten to ${relative(root, path)}\n`);
    return 0;
  } catch (error) {
    if (interrupted.aborted) return exitCodes.interrupted;
    say(`${load} FAILED: ${wordsFor(error)}`);
    return exitCodes.failed;
  }
}

async function measure(
  { benches: chosen, isMarkdown }: Extract<Asked, { kind: "run" }>,
  interrupted: AbortSignal,
): Promise<number> {
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
  const comparison = comparisonOf(
    rows,
    [...durableIngest, ...brokerBenches].map(({ name }) => name),
  );
  const compared = isMarkdown ? comparisonMarkdown(comparison) : comparisonText(comparison);
  if (comparison.lines.length > 0) process.stdout.write(`\n${compared}\n`);
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
  if (!(error instanceof Error) || error.cause === undefined) return messageOf(error);
  const cause = messageOf(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message} (${cause})`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
