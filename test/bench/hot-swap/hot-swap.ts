/** What a module's messages notice of it when its version is changed a hundred times under them. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Bench, type BenchContext, Samples } from "../bench.ts";
import type { SwapFigures } from "./swap-program.ts";

export const hotSwap: Bench = {
  name: "hot-swap",
  about: "an instance whose version is changed 100 times at 1,000 messages a second, by where it runs",
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(hotSwap.name);
  for (const kind of ["worker", "sandbox"] as const) {
    progress(kind);
    const program = join(import.meta.dirname, "swap-program.ts");
    const args = ["--expose-gc", program, kind];
    const { stdout } = await promisify(execFile)(process.execPath, args, { signal });
    const figures: SwapFigures = JSON.parse(stdout);
    const { sent, wrong } = figures;
    if (wrong > 0) throw new Error(`${wrong} of ${sent} messages were lost, doubled or out of order`);
    samples.add(kind, "pause p50", "ms", figures.pauseP50);
    samples.add(kind, "pause p99", "ms", figures.pauseP99);
    samples.add(kind, "pause max", "ms", figures.pauseMax);
    samples.add(kind, "pause p99 without a change", "ms", figures.restP99);
    samples.add(kind, "a whole change", "ms", figures.swapMs);
    samples.add(kind, "messages", "", sent);
    samples.add(kind, "lost, doubled or out of order", "", wrong);
    samples.add(kind, "RSS grown", "MB", figures.grown);
    samples.add(kind, "processes and threads left", "", figures.left);
  }
  return samples.rows();
}
