/** A sandbox seen from outside: its processes and what they use. */
import { readFileSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { niceness } from "./limits.ts";

const pageBytes = 4096;

/** The process and all that it started. */
export function processTree(pid: number): readonly number[] {
  const children = readText(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(processTree)];
}

/** Bytes of memory that these have to themselves and share, together. */
export function residentBytes(pids: readonly number[]): number {
  let pages = 0;
  for (const pid of pids) pages += Number(readText(`/proc/${pid}/statm`).split(" ")[1] ?? 0);
  return pages * pageBytes;
}

/** USER_HZ of proc(5), the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Milliseconds of processor time that these have used together; `undefined`: none of them is there any more. */
export function processorMillis(pids: readonly number[]): number | undefined {
  let ticks: number | undefined;
  for (const pid of pids) {
    const text = readText(`/proc/${pid}/stat`);
    // The name before it may have blanks and brackets in it. utime and stime are the 14th and 15th field of all.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (text !== "") ticks = (ticks ?? 0) + Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks === undefined ? undefined : (ticks * 1000) / ticksPerSecond;
}

/** It goes before everything else when memory runs out, and comes after it when it wants the processor. */
export function stepBack(pid: number): void {
  try {
    setPriority(pid, Math.min(niceness, constants.priority.PRIORITY_LOW));
    writeFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {
    // It may have ended already; where it is refused, the caps hold all the same.
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
