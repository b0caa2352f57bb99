/** What a running process costs, as Linux counts it in /proc. */
import { readFile } from "node:fs/promises";

/** `USER_HZ`: the unit of CPU times in /proc, 100 on every architecture Node runs on. */
const ticksPerSecond = 100;

/** User and system time of all threads of the process so far, in seconds; in steps of 10 ms. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  return cpuSecondsIn(text);
}

/** proc(5): the second field, the name, may hold spaces and parentheses; utime and stime are 14 and 15. */
export function cpuSecondsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const seconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  if (!Number.isFinite(seconds)) throw new Error(`not what /proc/<pid>/stat holds: ${stat}`);
  return seconds;
}

/** In MB of 2^20 bytes. */
export interface Memory {
  /** All pages in memory, also those of the program file that other processes share. */
  readonly rss: number;
  /** Pages of its own only: heap and stacks. */
  readonly anonymous: number;
  /** As `rss`, but a shared page counts by the number of those that share it. */
  readonly pss: number;
}

export async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return {
    rss: megabytesIn(status, "VmRSS"),
    anonymous: megabytesIn(status, "RssAnon"),
    pss: megabytesIn(rollup, "Pss"),
  };
}

/** Throws when the field is not there. */
export function megabytesIn(text: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  if (kilobytes === undefined) throw new Error(`no ${field}: has the process ended?`);
  return Number(kilobytes) / 1024;
}
