/** A visitor for those who have no sensor yet: what it emits passes the same way as everything else. */
import {
  defineModule,
  type Instance,
  millis,
  type ModuleContext,
  quality,
  seededRandom,
} from "@interactor/shared/sdk/define-module";
import { manifest } from "./manifest.ts";
import { beginMisbehaviour } from "./misbehaviour.ts";
import { Sensors } from "./sensors.ts";
import { type Settings, settings } from "./settings.ts";

export const definition = defineModule({
  manifest,
  settings,
  start,
  prepare: ({ misbehave }) => misbehave?.veto,
});

/** The longest step of the visitor: a press lasts at least three of them. */
const stepLongest = 50;

function start(settings: Settings, context: ModuleContext): Instance {
  if (settings.misbehave?.start !== undefined) throw new Error(settings.misbehave.start);
  const sensors = new Sensors(settings, seededRandom(settings.seed ?? seedOf(context.name)));
  const period = 1000 / settings.rate;
  const stepsPerDistance = Math.ceil(period / stepLongest);
  const step = period / stepsPerDistance;
  const startedAt = context.clock.now();
  let motion: boolean | undefined;
  let button: boolean | undefined;
  let visitors = 0;
  let steps = 0;
  /** Time that passed without a step, in ms. */
  let skipped = 0;
  let cancel = (): void => undefined;

  const report = (): void => {
    if (motion !== sensors.motion) context.emit("motion", sensors.motion);
    if (button !== sensors.button) context.emit("button", sensors.button);
    motion = sensors.motion;
    button = sensors.button;
    if (visitors !== sensors.visitors) context.emit("visitors", sensors.visitors);
    visitors = sensors.visitors;
    if (steps % stepsPerDistance !== 0) return;
    const { metres, isDropout } = sensors.measure();
    context.emit("distance", metres, isDropout ? { quality: quality.bad } : {});
  };
  const next = (): void => {
    steps += 1;
    sensors.advance(step / 1000);
    report();
    schedule();
  };
  const schedule = (): void => {
    // From the start, so that late timers do not add up. A process that slept does not catch up, or thousands
    // of readings would come at once: the visitor slept too.
    let delay = startedAt + skipped + (steps + 1) * step - context.clock.now();
    if (delay < -step) {
      skipped -= delay;
      delay = 0;
    }
    cancel = context.clock.after(millis(Math.max(0, delay)), next);
  };

  report();
  schedule();
  context.running();
  const behave = beginMisbehaviour(settings, context);
  return {
    selfTest: () => settings.misbehave?.selfTest,
    stop() {
      cancel();
      behave();
      return Promise.resolve();
    },
  };
}

/** FNV-1a: two instances on a node shall not show the same visitor. */
function seedOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
