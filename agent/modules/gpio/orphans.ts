/**
 * Lines of threads that are no more. Node closes the files that a thread which died had open, but not what requests to a
 * chip gave it: such lines would stay taken, at their last level, until the agent ends. Whoever has a line tells the
 * kernel so; when a line is busy, those that nobody has any more are let go of.
 */
import { readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import type { Kernel } from "./kernel.ts";

/** What the kernel calls the descriptor of requested lines. */
const lineTarget = "anon_inode:gpio-line";

/** Closes the lines of threads of this process that have died. Returns how many they were. */
export async function letGoOfOrphans(
  kernel: Pick<Kernel, "close" | "isOwned">,
  target = lineTarget,
): Promise<number> {
  let count = 0;
  for (const name of await readdir("/proc/self/fd").catch(() => [])) {
    // In one go: a number that is closed may be another file's a moment later.
    if (targetOf(name) !== target || kernel.isOwned(Number(name))) continue;
    kernel.close(Number(name));
    count += 1;
  }
  return count;
}

function targetOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}
