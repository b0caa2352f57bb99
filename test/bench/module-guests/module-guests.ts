/** What a module costs by where it runs: its start beside 49 others, its memory, and a message there and back. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Bench, type BenchContext, Samples } from "../bench.ts";
import { type GuestFigures, type GuestKind, guestKinds } from "./guest-program.ts";

const runs = 3;
const crowd = 50;

export const moduleGuests: Bench = {
  name: "module-guests",
  about: "50 modules at once, by where they run: start and memory; and a message to one alone and back",
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(moduleGuests.name);
  for (let count = 1; count <= runs; count += 1) {
    for (const kind of guestKinds) {
      progress(`run ${count} of ${runs}: ${kind}`);
      const many = await figuresOf(kind, crowd, signal);
      samples.add(kind, `${crowd} at once until ready`, "ms", many.readyMs);
      samples.add(kind, "RSS each", "MB", many.rss / crowd);
      samples.add(kind, "PSS each", "MB", many.pss / crowd);
      const alone = await figuresOf(kind, 1, signal);
      for (const [when, trips] of Object.entries(alone.trips ?? {})) {
        samples.add(kind, `round trip ${when} p50`, "µs", trips.p50);
        samples.add(kind, `round trip ${when} p99`, "µs", trips.p99);
      }
    }
  }
  return samples.rows();
}

async function figuresOf(kind: GuestKind, count: number, signal: AbortSignal): Promise<GuestFigures> {
  const program = join(import.meta.dirname, "guest-program.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, kind, String(count)], { signal });
  return JSON.parse(stdout);
}
