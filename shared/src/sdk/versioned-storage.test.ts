import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { Value } from "../wire/value.ts";
import { defineModule } from "./define-module.ts";
import { Guest } from "./guest.ts";
import { loaded } from "./loaded-module.ts";
import * as z from "./schemas.ts";

/** A lamp of this version that notes what it is; with `migrate`, also what it was. */
function lamp(version: string, isMigrating: boolean) {
  return defineModule({
    manifest: {
      apiVersion: 1,
      id: "lamp",
      version,
      title: "Keeps its look",
      worker: "shared",
      inputs: {},
      outputs: {},
    },
    settings: z.strictObject({}),
    ...(isMigrating && { migrate: (storage, from: string) => storage.set("came from", from) }),
    async start(_settings, { storage }) {
      const set = (): Promise<void> => storage.set("look", `as ${version} has it`);
      await set().catch(set);
      return { stop: () => Promise.resolve() };
    },
  });
}

/** Runs it once on what is kept; `full`: so many sets the disk refuses first. */
async function run(definition: ReturnType<typeof lamp>, kept: Map<string, Value>, full = 0): Promise<string> {
  let refusals = full;
  const { promise, resolve } = Promise.withResolvers<string>();
  const world = {
    clock: Object.assign(new VirtualClock(), { isSynchronised: true }),
    random: { next: () => 0 },
  };
  const guest = new Guest(
    { site: "demo", node: "pi" },
    () => Promise.resolve(loaded(definition)),
    world,
    (message) => {
      if (message[0] === "started" || message[0] === "failed") resolve(message[0]);
      if (message[0] !== "ask") return;
      const [, name, question, request] = message;
      const tell = (reply: readonly [] | readonly [Value] | readonly [string, string]): void =>
        queueMicrotask(() => guest.take(["told", name, question, reply]));
      if (request[0] === "get") {
        const value = kept.get(request[1]);
        return tell(value === undefined ? [] : [value]);
      }
      if (request[0] !== "set") return;
      refusals -= 1;
      if (refusals >= 0) return tell(["FAILED", "no space"]);
      kept.set(request[1], request[2]);
      tell([]);
    },
  );
  guest.take(["start", { name: "lamp", module: "lamp", settings: {} }]);
  return promise;
}

test("what a version without migrate has kept is brought over by the first one that can", async () => {
  const kept = new Map<string, Value>();

  await run(lamp("1.0.0", false), kept);
  await run(lamp("2.0.0", true), kept);
  expect(kept.get("came from")).toBe("1.0.0");
  await run(lamp("3.0.0", false), kept);

  expect(kept.get("@version")).toBe("3.0.0");
});

test("what is kept after a disk refused the mark has it", async () => {
  const kept = new Map<string, Value>();

  expect(await run(lamp("1.0.0", false), kept, 1)).toBe("started");

  expect(Object.fromEntries(kept)).toEqual({ "@version": "1.0.0", look: "as 1.0.0 has it" });
});
