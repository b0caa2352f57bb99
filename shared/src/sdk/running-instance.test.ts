import { expect, test } from "vitest";
import { micros } from "../kernel/units.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { defineModule } from "./define-module.ts";
import { Guest } from "./guest.ts";
import type { FromGuest } from "./guest-messages.ts";
import { loaded } from "./loaded-module.ts";
import * as z from "./schemas.ts";

/** What a guest says of a module that stamps its only value so. */
async function saidOf(at: number): Promise<readonly FromGuest[]> {
  const definition = defineModule({
    manifest: {
      apiVersion: 1,
      id: "stamper",
      version: "1.0.0",
      title: "Stamps what it gives",
      worker: "shared",
      inputs: {},
      outputs: { level: { type: "int" } },
    },
    settings: z.strictObject({}),
    start(_settings, context) {
      context.emit("level", 1, { at: micros(at) });
      return { stop: () => Promise.resolve() };
    },
  });
  const said: FromGuest[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const world = {
    clock: Object.assign(new VirtualClock(), { isSynchronised: true }),
    random: { next: () => 0 },
  };
  const guest = new Guest(
    { site: "demo", node: "pi" },
    () => Promise.resolve(loaded(definition)),
    world,
    (message) => {
      said.push(message);
      if (message[0] === "started" || message[0] === "failed") resolve();
    },
  );
  guest.take(["start", { name: "own", module: "stamper", settings: {} }]);
  await promise;
  return said;
}

test("an output is given with the stamp that its module has for it", async () => {
  expect(await saidOf(1000)).toContainEqual(["output", "own", "level", 1, 1000, 0, false]);
});

test.each([1.8e18, 1e300, Number.NaN, -1])(
  "a stamp that is no µs, such as %d, is refused where it is made",
  async (at) => {
    const why = 'output "level": at is no time in µs since 1970';
    expect((await saidOf(at)).at(-1)).toEqual([
      "failed",
      "own",
      why,
      expect.stringContaining(`${why}\n    at `),
    ]);
  },
);
