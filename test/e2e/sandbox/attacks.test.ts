// A module in a sandbox does its worst: it alone ends, or it goes on and harms nobody. The agent's memory does not
// grow, and another module is answered as before.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { expect } from "vitest";
import { requires } from "../requires.ts";
import type { Outcome } from "./attacked-host.ts";
import { attacks, type Expected } from "./attacks.ts";

const test = requires("bwrap");
/** In MB: what an agent may grow by while it is attacked. */
const growthMax = 10;
/** So much of what the lamp is asked meanwhile is answered, all but one in a hundred in so many ms, or in five times what it took before. */
const answeredShare = 0.5;
const p99Max = 500;

/** Where the attacker is held by less than this machine has. */
type Mode = "groups" | "no-groups" | "no-permissions";

async function attacked(mode: Mode, names: readonly string[]): Promise<readonly Outcome[]> {
  const expected: Readonly<Record<string, Expected>> = attacks;
  const asked = names.map((name) => ({ name, isEnding: endOf(expected[name], mode) !== undefined }));
  const program = join(import.meta.dirname, "attacked-host.ts");
  const child = spawn(process.execPath, ["--expose-gc", program, mode, JSON.stringify(asked)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const outcomes: Outcome[] = [];
  for await (const line of createInterface(child.stdout)) outcomes.push(JSON.parse(line));
  return outcomes;
}

function printed(outcomes: readonly Outcome[]): void {
  for (const { attack, ended, after, before, most, p99Before, p99 } of outcomes) {
    const end =
      ended === "" ? "goes on" : ended.replace("the sandbox died: ", "").replace(/; it starts.*/, "");
    process.stderr.write(
      `${attack.padEnd(23)} ${String(after).padStart(6)} ms  agent +${(most - before).toFixed(1)} MB  ` +
        `other's p99 ${p99Before.toFixed(1)} → ${p99.toFixed(1)} ms  ${end}\n`,
    );
  }
}

const endOf = (expected: Expected | undefined, mode: Mode): RegExp | undefined =>
  mode === "no-permissions" ? expected?.withoutPermissions : expected?.ends;

function judge(outcomes: readonly Outcome[], names: readonly string[], mode: Mode): void {
  const expected: Readonly<Record<string, Expected>> = attacks;
  expect(outcomes.map(({ attack }) => attack)).toEqual(names);
  for (const { attack, ended, before, most, asked, answers, p99Before, p99 } of outcomes) {
    const ends = endOf(expected[attack], mode);
    if (ends === undefined) expect(`${attack}: ${ended}`).toBe(`${attack}: `);
    else expect(`${attack}: ${ended}`).toMatch(ends);
    expect(`${attack}: ${most - before < growthMax ? "within" : "beyond"} ${growthMax} MB`).toBe(
      `${attack}: within ${growthMax} MB`,
    );
    // The lamp beside it goes on: it is asked two hundred times a second, and hardly one answer is late.
    expect(
      `${attack}: ${answers > asked * answeredShare ? "answered" : `${answers} answers of ${asked}`}`,
    ).toBe(`${attack}: answered`);
    expect(`${attack}: p99 ${p99 < Math.max(p99Max, 5 * p99Before) ? "within" : p99} ${p99Max} ms`).toBe(
      `${attack}: p99 within ${p99Max} ms`,
    );
  }
}

test("only the module ends that attacks", { timeout: 280_000 }, async () => {
  const names = Object.keys(attacks);

  const outcomes = await attacked("groups", names);

  printed(outcomes);
  judge(outcomes, names, "groups");
});

test("also where no control group holds it", { timeout: 120_000 }, async () => {
  const expected: Readonly<Record<string, Expected>> = attacks;
  const names = Object.keys(attacks).filter((name) => expected[name]?.isForPoorer === true);

  const outcomes = await attacked("no-groups", names);

  printed(outcomes);
  judge(outcomes, names, "no-groups");
});

test(
  "and where Node's permissions do not hold it from starting what it likes",
  { timeout: 60_000 },
  async () => {
    const expected: Readonly<Record<string, Expected>> = attacks;
    const names = Object.keys(attacks).filter((name) => expected[name]?.withoutPermissions !== undefined);

    const outcomes = await attacked("no-permissions", names);

    printed(outcomes);
    judge(outcomes, names, "no-permissions");
  },
);
