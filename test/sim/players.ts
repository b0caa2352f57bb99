/** Plays seeds in programs of their own, side by side, and gathers what came of them. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Played } from "./run-seed.ts";

const program = join(import.meta.dirname, "play.ts");

/** Seeds `from` to `to`, with a mutation until it is found. */
export async function playSeeds(from: number, to: number, mutation?: string): Promise<readonly Played[]> {
  const words = [program, String(from), String(to), ...(mutation === undefined ? [] : [mutation])];
  const player = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  player.stderr.on("data", (words: Buffer) => (complaint += words.toString()));
  const ended = new Promise<number | null>((resolve) => void player.on("close", resolve));
  const played: Played[] = [];
  for await (const line of createInterface({ input: player.stdout })) {
    const each: Played = JSON.parse(line);
    played.push(each);
  }
  if ((await ended) !== 0) throw new Error(`seeds ${from} to ${to} could not be played: ${complaint}`);
  return played;
}

/** The same in two programs: there are two cores. */
export async function playSideBySide(from: number, to: number): Promise<readonly Played[]> {
  const middle = Math.floor((from + to) / 2);
  const halves = [playSeeds(from, middle), ...(middle < to ? [playSeeds(middle + 1, to)] : [])];
  return (await Promise.all(halves)).flat();
}

/** What a person needs of a seed that failed. */
export function storyOf({ seed, violations, trace }: Played): string {
  const found = violations.map(({ checker, words }) => `  ${checker}: ${words}`);
  return [`SEED=${seed} npm run test:sim`, ...found, "what happened last:", ...trace].join("\n");
}
