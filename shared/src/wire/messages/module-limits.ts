/**
 * What a module that others have written may use. Its manifest asks, the site grants what is past the usual, the node may
 * have a ceiling of its own, and the sandbox holds it to that.
 */
import * as z from "zod/mini";

function between(least: number, most: number) {
  const words = `a whole number from ${least} to ${most}`;
  return z.exactOptional(z.int(words).check(z.gte(least, words), z.lte(most, words)));
}

/** What is not said is as it is usual. Outside of these no machine of ours can hold anybody to it: refuse. */
export const moduleLimits = z.strictObject({
  /** Resident, in MB. Node itself takes 45. More: it is ended. */
  memoryMb: between(48, 16_384),
  /** Of one core, in percent. More: it waits. */
  cpuPercent: between(1, 1600),
  /** What it says in a second, in the long run. More: it waits. */
  messagesPerSecond: between(1, 100_000),
  /** How long it may take over one thing. Longer: it is ended. */
  handlerMs: between(1000, 60_000),
  /** Open files. Node has 20 of its own. More: it gets none. */
  handles: between(32, 1024),
});

export type ModuleLimits = z.infer<typeof moduleLimits>;
export type LimitName = keyof ModuleLimits;

export const limitNames = [
  "memoryMb",
  "cpuPercent",
  "messagesPerSecond",
  "handlerMs",
  "handles",
] as const satisfies readonly LimitName[];

/** What every module has without being granted anything: a Pi carries ten of them. */
export const moduleLimitsDefault: Readonly<Required<ModuleLimits>> = {
  memoryMb: 96,
  cpuPercent: 50,
  messagesPerSecond: 1000,
  handlerMs: 5000,
  handles: 64,
};

export const limitWords = {
  memoryMb: "MB of memory",
  cpuPercent: "percent of a core",
  messagesPerSecond: "messages a second",
  handlerMs: "ms for one thing",
  handles: "open files",
} as const satisfies Record<LimitName, string>;
