// A simulation that finds nothing proves nothing: mistakes made on purpose have to be found.

import { describe, expect, test } from "vitest";
import { mutations } from "./mutations.ts";
import { playSeeds } from "./players.ts";

const seeds = 200;

describe.skipIf(process.env["SEED"] !== undefined)("the simulation finds that", () => {
  for (const { name, foundBy } of mutations) {
    test(name, { timeout: 300_000 }, async () => {
      const played = await playSeeds(1, seeds, name);

      const [found] = played.at(-1)?.violations ?? [];
      expect.assert(found !== undefined, `${seeds} seeds did not find it`);
      expect(foundBy).toContain(found.checker);
      process.stdout.write(
        `${name}: found by seed ${played.length}, "${found.checker}": ${found.words.slice(0, 120)}\n`,
      );
    });
  }
});
