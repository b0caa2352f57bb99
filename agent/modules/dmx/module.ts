import { defineModule } from "@interactor/shared/sdk/define-module";
import { manifest } from "./manifest.ts";
import { settings } from "./settings.ts";
import { Stage } from "./stage.ts";

export const definition = defineModule({
  manifest,
  settings,
  start: (parsed, context) => Stage.start(parsed, context),
});
