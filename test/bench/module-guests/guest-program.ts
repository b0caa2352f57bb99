// A program: so many guests of one kind. Prints what their start took, what memory they have, and how long messages to
// one of them and back take.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundled } from "../../contract/module-host/sandboxes.ts";
import { agentGuests, type ModuleKind } from "./agent-guests.ts";
import { bareGuests, type BareKind } from "./bare-guests.ts";
import type { OpenGuests } from "./open-guests.ts";
import { type RoundTrips, tripsApart, tripsInARow } from "./round-trips.ts";

export const guestKinds = [
  "shared worker",
  "worker",
  "bare thread",
  "sandbox",
  "bare process",
] as const satisfies readonly (ModuleKind | BareKind)[];
export type GuestKind = (typeof guestKinds)[number];

export interface GuestFigures {
  readonly readyMs: number;
  /** Of all guests together, in MB: resident, and with what is shared counted by shares. */
  readonly rss: number;
  readonly pss: number;
  /** Of one that is alone. */
  readonly trips: { readonly "in a row": RoundTrips; readonly "1 ms apart": RoundTrips } | undefined;
}

/** Until what a start left behind has been let go of. */
const calmAfter = 2000;

async function measure(kind: GuestKind, count: number): Promise<GuestFigures> {
  const folder = mkdtempSync(join(tmpdir(), "guests-"));
  const before = memoryOf([process.pid]);
  await using guests = await open(kind, count, folder);
  await sleep(calmAfter);
  const { pids, readyMs } = guests;
  const { rss, pss } = memoryOf(pids);
  const own = pids.includes(process.pid) ? before : { rss: 0, pss: 0 };
  const trips = count > 1 ? undefined : await timed((value) => guests.trip(value));
  rmSync(folder, { recursive: true });
  return { readyMs, rss: rss - own.rss, pss: pss - own.pss, trips };
}

async function timed(trip: (value: number) => Promise<void>): Promise<GuestFigures["trips"]> {
  return { "1 ms apart": await tripsApart(trip), "in a row": await tripsInARow(trip) };
}

async function open(kind: GuestKind, count: number, folder: string): Promise<OpenGuests> {
  const file = (name: string): Promise<string> =>
    bundled(join(import.meta.dirname, `${name}.ts`), join(folder, `${name}.mjs`));
  if (kind === "bare thread" || kind === "bare process")
    return bareGuests(kind, count, await file("bare-echo"));
  return agentGuests(kind, count, {
    folder,
    worker: await file("echo-worker"),
    bundle: await file("echo-module"),
  });
}

/** In MB. */
function memoryOf(pids: readonly number[]): { readonly rss: number; readonly pss: number } {
  const sum = { rss: 0, pss: 0 };
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    sum.rss += Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
    sum.pss += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
  }
  return sum;
}

const [kindName = "worker", count = "1"] = process.argv.slice(2);
const kind = guestKinds.find((each) => each === kindName);
if (kind !== undefined && import.meta.main) {
  const figures = await measure(kind, Number(count));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exit(0);
}
