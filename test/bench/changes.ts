/** From a line that a device says to the frame that shows it: changes one after the other, each timed. */
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../e2e/programs.ts";
import type { Light } from "../e2e/light.ts";
import type { TtyPair } from "../e2e/tty-pair.ts";
import { percentile, type Samples } from "./bench.ts";

/** A way from a device to a light. */
export interface Chain {
  readonly subject: string;
  readonly tty: TtyPair;
  readonly light: Light;
}

export interface Pace {
  readonly changes: number;
  /** From one change of a chain to its next, in ms. */
  readonly interval: number;
}

/** Counted from 1. */
const channel = 1;
/** More than a run has changes, so that a level tells which change it was; 0 is what a dark universe shows. */
const levels = 250;
/** A change that has not come after this has not come at all. */
const arrivalTimeout = 2000;

/** Throws when socat is missing: without it there is no serial line. */
export function requireSocat(): void {
  if (spawnSync("socat", ["-V"], { stdio: "ignore" }).error !== undefined) {
    throw new Error("socat not found; apt-get install socat");
  }
}

/** What became of the changes of one chain. */
export interface Timed {
  /** From each change to the first frame that shows it or a later one, in ms. */
  readonly latencies: readonly number[];
  /** Changes that no frame showed, because a later one came before they got through. */
  readonly overtaken: number;
}

/**
 * Says changes on every chain and sees when they come to light. The chains take turns within each interval, so that
 * they meet the same machine. Throws when the last change never comes.
 */
export async function timeChanges(
  chains: readonly Chain[],
  { changes, interval }: Pace,
  signal: AbortSignal,
): Promise<readonly Timed[]> {
  if (changes > levels) throw new Error(`at most ${levels} changes can be told apart`);
  const tracks = chains.map((chain) => ({ chain, from: chain.light.frames.length, saidAt: [] as number[] }));
  let due = performance.now();
  for (let change = 0; change < changes; change += 1) {
    for (const { chain, saidAt } of tracks) {
      saidAt.push(performance.now());
      chain.tty.say(String(levelOf(change)));
      due += interval / chains.length;
      await sleep(Math.max(due - performance.now(), 1), undefined, { signal });
    }
  }
  for (const { chain } of tracks) await arrival(chain, levelOf(changes - 1));
  return tracks.map(({ chain, from, saidAt }) => timed(shownIn(chain.light.frames.slice(from)), saidAt));
}

export interface Shown {
  readonly at: number;
  readonly level: number;
}

const levelOf = (change: number): number => 1 + (change % levels);

const shownIn = (frames: Light["frames"]): readonly Shown[] =>
  frames.map(({ at, levels }) => ({ at, level: levels[channel - 1] ?? 0 }));

/** Change i says `levelOf(i)` at `saidAt[i]`. Throws when nothing shows the last. */
export function timed(shown: readonly Shown[], saidAt: readonly number[]): Timed {
  const latencies = saidAt.map((at, change) => {
    const first = shown.find((frame) => {
      const shownChange = frame.level - 1;
      // A frame from before may repeat a level that will be said only later.
      const wasSaid = frame.at >= (saidAt[shownChange] ?? Number.POSITIVE_INFINITY);
      return shownChange >= change && wasSaid;
    });
    if (first === undefined) throw new Error(`level ${levelOf(change)} was said and never came to light`);
    return first.at - at;
  });
  const levelsShown = new Set(shown.map(({ level }) => level));
  return { latencies, overtaken: saidAt.filter((_, change) => !levelsShown.has(levelOf(change))).length };
}

async function arrival({ subject, light }: Chain, level: number): Promise<void> {
  await eventually(
    `${subject}: level ${level} at the light`,
    () => light.level(channel) === level,
    arrivalTimeout,
  );
}

/** Says changes until one gets through: from then on the chain works from end to end. */
export async function untilLit(chain: Chain, signal: AbortSignal): Promise<void> {
  let level = 0;
  await eventually(
    `${chain.subject}: light from a line`,
    async () => {
      if (signal.aborted) return true;
      level = 1 + (level % levels);
      chain.tty.say(String(level));
      await sleep(100);
      return chain.light.level(channel) === level;
    },
    15_000,
  );
  signal.throwIfAborted();
  // A new universe repeats its first looks; what follows them is the steady state.
  await timeChanges([chain], { changes: 10, interval: 100 }, signal);
}

export function addTimed(samples: Samples, subject: string, { latencies, overtaken }: Timed): void {
  samples.add(subject, "p50", "ms", percentile(latencies, 0.5));
  samples.add(subject, "p99", "ms", percentile(latencies, 0.99));
  samples.add(subject, "max", "ms", percentile(latencies, 1));
  samples.add(subject, "overtaken", "changes", overtaken);
}

/** The settings of an agent's two ends. */
export const serialInstance = (path: string) => ({
  module: "serial",
  settings: { path, format: "csv", outputs: { level: { type: "int", column: 1, min: 0, max: 255 } } },
});
export const lightInstance = (port: number) => ({
  module: "dmx",
  settings: { universe: 1, sacn: { to: ["127.0.0.1"], port } },
});
