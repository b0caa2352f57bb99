import { defineModule, type ModuleDefinition } from "@interactor/shared/sdk/define-module";
import { manifest } from "./manifest.ts";
import { type Settings, settings } from "./settings.ts";
import { type Places, placesHere } from "./places.ts";
import { Stage } from "./stage.ts";

export const dmxModule = (given: Partial<Places> = {}): ModuleDefinition<Settings> =>
  defineModule({
    manifest,
    settings,
    start: (parsed, context) => Stage.start(parsed, context, { ...placesHere(process.env), ...given }),
  });

export const definition = dmxModule();
