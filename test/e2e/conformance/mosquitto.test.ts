// The vectors hold against another broker too: what they ask for is the standard's, and not our own idea of it. Where
// mosquitto does otherwise, the vector says so, and must fail there.

import { afterAll, describe, expect } from "vitest";
import { requires } from "../requires.ts";
import { account, type Broker, startMosquitto } from "./brokers.ts";
import { play } from "./play.ts";
import type { Vector } from "./vector.ts";
import { vectorFiles } from "./vector-files.ts";

const testWithMosquitto = requires("mosquitto");

/** What must fail need not be waited for as long. */
const patienceForDeviations = 700;

let started: Promise<Broker> | undefined;

/** Started by the first test that runs: on a machine without it none does. */
const mosquitto = () => (started ??= startMosquitto());

afterAll(async () => {
  await (await started)?.[Symbol.asyncDispose]();
});

const vectors = [...vectorFiles.values()].flat();

function each(chosen: readonly Vector[], words: string, run: (vector: Vector) => Promise<void>): void {
  for (const vector of chosen) {
    const register = vector.isAlone ? testWithMosquitto : testWithMosquitto.concurrent;
    register(`${words} ${vector.name}`, () => run(vector));
  }
}

describe("mosquitto", () => {
  const kept = vectors.filter((vector) => vector.mosquitto === undefined);
  const broken = vectors.filter((vector) => vector.mosquitto?.isAlways === true);

  each(kept, "keeps:", async (vector) => {
    await play(vector, { address: (await mosquitto()).tcp, ...account });
  });

  each(broken, "does not keep:", async (vector) => {
    const stage = { address: (await mosquitto()).tcp, ...account, patience: patienceForDeviations };

    await expect(play(vector, stage)).rejects.toThrow("step");
  });
});
