// The smallest module that answers.

import { defineModule } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";

export const definition = defineModule({
  manifest: {
    apiVersion: 1,
    id: "echo",
    version: "1.0.0",
    title: "Gives what it takes",
    worker: "own",
    inputs: { level: { type: "float" } },
    outputs: { seen: { type: "float", deliver: "every" } },
  },
  settings: z.object({}),
  start(_settings, context) {
    context.onInput((_input, applied) => {
      if (typeof applied?.value === "number") context.emit("seen", applied.value);
    });
    return { stop: () => Promise.resolve() };
  },
});
