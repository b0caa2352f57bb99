// The real hub and agents in simulated time, with a seeded network, disks and ends. See ARCHITECTURE.md for where what is.
//
//   SEED=116 npm run test:sim     plays one and tells of it
//   npm run test:long             20,000 seeds

import { expect, test } from "vitest";
import { ends, faults } from "./coverage.ts";
import { playSeeds, playSideBySide, storyOf } from "./players.ts";

const isLong = process.env["TEST_LONG"] === "true";
const chosen = process.env["SEED"];
const seeds = isLong ? 20_000 : 200;
/** A seed takes a sixth of a second; a machine that does much else beside is ten times as slow. */
const timeout = seeds * 3000;

test.runIf(chosen !== undefined)(`seed ${chosen} keeps every promise`, { timeout: 60_000 }, async () => {
  const [played] = await playSeeds(Number(chosen), Number(chosen));

  expect.assert(played !== undefined, "it was not played");
  process.stdout.write(`seed ${played.seed}: ${played.events} events, trace ${played.hash}\n`);
  expect.assert(played.violations.length === 0, storyOf(played));
});

test.skipIf(chosen !== undefined)(
  `in ${seeds} seeds every promise is kept, and every end and every fault is met`,
  { timeout },
  async () => {
    const played = await playSideBySide(1, seeds);

    expect(played.length).toBe(seeds);
    const failed = played.filter(({ violations }) => violations.length > 0);
    expect.assert(failed.length === 0, failed.slice(0, 3).map(storyOf).join("\n\n"));
    const met = {
      ends: new Set(played.flatMap((each) => each.ends)),
      faults: new Set(played.flatMap((each) => each.faults)),
    };
    expect(ends.filter((end) => !met.ends.has(end))).toEqual([]);
    expect(faults.filter((fault) => !met.faults.has(fault))).toEqual([]);
  },
);

test.skipIf(chosen !== undefined)("a seed plays the same each time", { timeout: 60_000 }, async () => {
  const [first, second] = await Promise.all([playSeeds(1, 6), playSeeds(1, 6)]);

  expect(first.map(({ hash }) => hash)).toEqual(second.map(({ hash }) => hash));
  expect(new Set(first.map(({ hash }) => hash)).size).toBe(6);
});
