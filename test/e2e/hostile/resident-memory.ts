// A program's resident memory, from outside: what counts against a machine, whatever its heap says.

import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";

/** A settled program has not grown by more than this within `settledSpan`. */
const stillBytes = 2e6;
const settledSpan = 1000;

export const residentBytes = (pid: number): number => statusOf(pid, "VmRSS");

/** The most it had since it began, or since `forgetPeak`. The kernel keeps it, so no moment is missed. */
export const peakBytes = (pid: number): number => statusOf(pid, "VmHWM");

export function forgetPeak(pid: number): void {
  // 5 in proc_pid_clear_refs(5): the peak becomes what it is now.
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** What it has once it no longer grows; after `timeout` ms, what it has then. */
export async function settledBytes(pid: number, timeout = 10_000): Promise<number> {
  const deadline = performance.now() + timeout;
  for (let before = residentBytes(pid); ;) {
    await after(settledSpan);
    const now = residentBytes(pid);
    if (now - before < stillBytes || performance.now() > deadline) return now;
    before = now;
  }
}

function statusOf(pid: number, name: string): number {
  const [, kilobytes] =
    new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
