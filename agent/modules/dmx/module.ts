import { defineModule } from "@interactor/shared/sdk/define-module";
import { manifest } from "./manifest.ts";
import { Sender } from "./sender.ts";
import { settings } from "./settings.ts";

export const definition = defineModule({
  manifest,
  settings,
  start: (parsed, context) => Sender.start(parsed, context),
});
