// A module made for the suite: it says what its inputs take, and does what its settings tell it to.

import { setTimeout as sleep } from "node:timers/promises";
import { defineModule } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";

export const definition = defineModule({
  manifest: {
    apiVersion: 1,
    id: "lamp",
    version: "1.0.0",
    title: "A lamp that says what it takes",
    worker: "shared",
    takesSettings: true,
    inputs: { level: { type: "float" }, other: { type: "float" }, hang: { type: "float" } },
    outputs: { seen: { type: "float", deliver: "every" } },
  },
  settings: z.strictObject({
    label: z.optional(z.string()),
    /** Words of a veto against starting with these settings. */
    veto: z.optional(z.string()),
    /** Words of a veto that it has while it runs with these settings. */
    busy: z.optional(z.string()),
    broken: z.optional(z.string()),
    /** What does not work, while the rest does. */
    lacks: z.optional(z.string()),
    /** How long it takes to stop, in ms. */
    stopTakes: z.optional(z.number()),
    failsToStart: z.optional(z.boolean()),
  }),
  prepare: ({ veto }, { name }) => (veto === undefined ? undefined : `${name}: ${veto}`),
  start(settings, context) {
    let now = settings;
    if (settings.failsToStart === true) throw new Error("no such lamp");
    context.onInput((input, applied) => {
      const value = Number(applied?.value);
      context.log.info(`${input} ${value}`);
      context.emit("seen", value);
      const end = input === "hang" ? performance.now() + value : 0;
      while (performance.now() < end);
    });
    const say = ({ lacks }: typeof now): void =>
      lacks === undefined ? context.running() : context.degraded(lacks);
    say(now);
    return {
      prepare: () => now.busy,
      selfTest: () => now.broken,
      takeSettings(next) {
        if (next.label === "") throw new Error("a lamp has a label");
        context.log.info(`now ${next.label ?? "unnamed"}`);
        now = next;
        say(now);
      },
      async stop(next) {
        if (now.stopTakes !== undefined) await sleep(now.stopTakes);
        context.log.info(next === undefined ? "stopped" : `stopped, ${next.label ?? "unnamed"} is next`);
      },
    };
  },
});
