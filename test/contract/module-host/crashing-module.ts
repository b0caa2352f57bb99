// A module made for the suite: it ends in the way that its input names.

import { defineModule } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";

const hoard: unknown[] = [];

export const definition = defineModule({
  manifest: {
    apiVersion: 1,
    id: "crashing",
    version: "3.2.1",
    title: "It ends as it is told to",
    worker: "shared",
    inputs: { end: { type: "text" } },
    outputs: { seen: { type: "text", deliver: "every" } },
  },
  settings: z.strictObject({ token: z.optional(z.string()) }),
  start(settings, context) {
    if (settings.token === "refused") throw new RangeError(`no start for ${settings.token}`);
    context.onInput((_input, applied) => {
      const how = typeof applied?.value === "string" ? applied.value : "";
      context.emit("seen", how);
      // Not in the listener: what it throws there is caught.
      setTimeout(() => endBy(how, settings.token ?? ""), 20);
    });
    return { stop: async () => undefined };
  },
});

function endBy(how: string, token: string): void {
  if (how === "throw") throw new TypeError(`no such lamp for ${token}`);
  if (how === "reject") void Promise.reject(new RangeError("too far"));
  if (how === "hang") for (;;);
  if (how === "heap") fill();
}

/** It answers meanwhile, however slow the machine is: or it would hang before it is full. */
function fill(): void {
  hoard.push(Array.from({ length: 10_000 }, () => ({ lamp: hoard.length })));
  setImmediate(fill);
}
