// The vectors of test/vectors/mqtt, and the list of what MQTT 3.1.1 says.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseVectors, type Vector } from "./vector.ts";

const folder = join(import.meta.dirname, "../../vectors/mqtt");
const statementsFile = "statements.txt";

/** By file. */
export const vectorFiles: ReadonlyMap<string, readonly Vector[]> = new Map(
  readdirSync(folder)
    .filter((name) => name !== statementsFile)
    .toSorted()
    .map((name) => [name, parseVectors(readFileSync(join(folder, name), "utf8"))]),
);

/** Each normative statement, and where it is tried. */
export const statements: ReadonlyMap<string, string> = new Map(
  readFileSync(join(folder, statementsFile), "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, number, place] = /^(MQTT-\S+) (.+)$/.exec(line) ?? [];
      return number === undefined || place === undefined ? [] : [[number, place] as const];
    }),
);
