// A module of which a test has several versions: gives what it takes, says which version did, and fails where its settings
// say so.

import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, defineModule, millis, type ModuleStorage } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";

const moments = ["start", "second start", "self-test"] as const;

const settings = z.strictObject({
  /** Where it throws, or hangs. */
  fails: z.optional(z.enum(moments)),
  hangs: z.optional(z.enum(moments)),
  /** It keeps how many messages it has taken, when it stops. */
  keeps: z.optional(z.boolean()),
  /** What a message takes, in ms. */
  takes: z.optional(z.number()),
  /** What its stop takes, in ms. */
  stopTakes: z.optional(z.number()),
  /** It ends its process or thread once it has taken so many messages. */
  endsAfter: z.optional(z.number()),
  label: z.optional(z.string()),
  /** It makes so many messages a second itself. */
  perSecond: z.optional(z.number()),
});

const never = new Promise<void>(() => undefined);

function beat(perSecond: number, clock: Clock, emit: (count: number) => void): void {
  const from = clock.now();
  let count = 0;
  const next = (): void => {
    const due = ((clock.now() - from) * perSecond) / 1000;
    while (count < due) emit((count += 1));
    clock.after(millis(2), next);
  };
  next();
}

export const relay = (version: string) =>
  defineModule({
    manifest: {
      apiVersion: 1,
      id: "relay",
      version,
      title: "Gives what it takes",
      worker: "shared",
      inputs: { message: { type: "int" }, level: { type: "float", actuator: true, stop: 0 } },
      outputs: {
        passed: { type: "record", deliver: "every" },
        held: { type: "float" },
        version: { type: "text" },
        beat: { type: "int", deliver: "every" },
      },
    },
    settings,
    async migrate(storage: ModuleStorage, from) {
      if (version.startsWith("7")) throw new Error("what is kept cannot be read");
      if (version.startsWith("8")) await never;
      await storage.set("migrated", `${from} to ${version}`);
    },
    async start(given, { emit, storage, onInput, clock }) {
      const { fails, hangs, keeps, takes, stopTakes, endsAfter, label, perSecond } = given;
      if (perSecond !== undefined) beat(perSecond, clock, (count) => emit("beat", count));
      if (fails === "start") throw new Error("no power");
      if (hangs === "start") await never;
      let count = keeps === true ? Number((await storage.get("count")) ?? 0) : 0;
      if (fails === "second start" && count > 0) throw new Error("not with these");
      let taken = 0;
      emit("version", version);
      onInput(async (input, applied) => {
        if (input === "level") return emit("held", Number(applied?.value ?? 0));
        if (takes !== undefined) await sleep(takes);
        count += 1;
        taken += 1;
        emit("passed", { message: Number(applied?.value), by: label ?? version, count });
        if (taken === endsAfter) process.exit(7);
      });
      return {
        selfTest: () =>
          hangs === "self-test"
            ? never.then(() => undefined)
            : fails === "self-test"
              ? "no reading"
              : undefined,
        async stop() {
          if (stopTakes !== undefined) await sleep(stopTakes);
          if (keeps === true) await storage.set("count", count);
        },
      };
    },
  });
