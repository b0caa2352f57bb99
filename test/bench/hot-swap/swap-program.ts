// A program: an instance whose version is changed a hundred times while it gets a thousand messages a second. Prints how
// long its messages were held up each time, what became of them, and what memory that has cost.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processTree } from "@interactor/agent/src/adapters/module-host-sandbox/process-tree.ts";
import { openRelays, type RelayKind } from "../../contract/module-host/relay-bench.ts";
import { longestPauses, longestPausesIn, sending, upTo } from "../../contract/module-host/relay-load.ts";
import { percentile } from "../bench.ts";

export interface SwapFigures {
  readonly pauseP50: number;
  readonly pauseP99: number;
  readonly pauseMax: number;
  /** Of as many spans in which nothing changes: what the machine alone does. */
  readonly restP99: number;
  /** From its order until the new one is heard. */
  readonly swapMs: number;
  readonly sent: number;
  /** Messages that did not pass, passed twice, or passed out of their order. */
  readonly wrong: number;
  /** RSS of all processes after the last change, without what it was after the tenth. In MB. */
  readonly grown: number;
  /** Processes and threads, likewise. */
  readonly left: number;
}

const changes = 100;
const warmUp = 10;
/** About as long as one change, in ms. */
const restSpan = 50;

async function measure(kind: RelayKind): Promise<SwapFigures> {
  await using bench = await openRelays(kind, { versions: ["1.0.0", "2.0.0"] });
  await bench.start("1.0.0");
  using sender = sending(bench);
  const swap = async (turns: readonly number[]): Promise<void> => {
    for (const turn of turns) {
      const wrong = await bench.takeOver(turn % 2 === 1 ? "2.0.0" : "1.0.0", { label: `turn ${turn}` });
      if (wrong !== undefined) throw new Error(`change ${turn}: ${wrong}`);
    }
  };
  await swap(upTo(warmUp));
  const rest = [];
  for (let span = 0; span < changes; span += 1) {
    const began = performance.now();
    await sleep(restSpan);
    rest.push({ from: began, to: performance.now() });
  }
  const before = used();
  const from = performance.now();
  await swap(upTo(changes).map((turn) => warmUp + turn));
  const swapMs = (performance.now() - from) / changes;
  const after = used();
  const sent = await sender.end();
  const pauses = longestPauses(bench).slice(-changes);
  const inPlace = bench.passed.filter(({ message }, index) => message === index + 1).length;
  return {
    restP99: percentile(longestPausesIn(rest, bench.times), 0.99),
    pauseP50: percentile(pauses, 0.5),
    pauseP99: percentile(pauses, 0.99),
    pauseMax: percentile(pauses, 1),
    swapMs,
    sent,
    wrong: Math.max(sent, bench.passed.length) - inPlace,
    grown: after.rss - before.rss,
    left: after.tasks - before.tasks,
  };
}

function used(): { readonly rss: number; readonly tasks: number } {
  globalThis.gc?.();
  // What has built the bundles is none of it.
  const all = processTree(process.pid).filter((pid) => !textOf(`/proc/${pid}/cmdline`).includes("esbuild"));
  let [rss, tasks] = [0, 0];
  for (const pid of all) {
    const status = textOf(`/proc/${pid}/status`);
    rss += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
    tasks += Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return { rss, tasks };
}

/** A process may be gone by now. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const [kind] = process.argv.slice(2);
if (kind === "worker" || kind === "sandbox") {
  process.stdout.write(`${JSON.stringify(await measure(kind))}\n`);
  process.exit(0);
}
