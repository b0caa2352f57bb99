/** The health of the computer: each group of readings in a round of its own, so that a slow one holds up no other. */
import {
  defineModule,
  type Instance,
  millis,
  type ModuleContext,
} from "@interactor/shared/sdk/define-module";
import { type Group, groupsOf, type Outcome } from "./groups.ts";
import { manifest } from "./manifest.ts";
import { type Settings, settings } from "./settings.ts";

export const definition = hostModule("/");

/** `root`: where proc and sys are. */
export function hostModule(root: string) {
  return defineModule({ manifest, settings, start: (settings, context) => start(settings, context, root) });
}

function start(settings: Settings, context: ModuleContext, root: string): Instance {
  let failures = 0;
  const countFailure = (): void => {
    failures += 1;
    context.emit("unreadable", failures);
  };
  const stops = groupsOf(settings, context.clock, root).map((group) => repeat(group, context, countFailure));
  context.emit("unreadable", failures);
  context.running();
  return {
    stop() {
      for (const stop of stops) stop();
      return Promise.resolve();
    },
  };
}

/** Reads now and then each `every` seconds, never twice at a time: a reading that takes longer delays the next. */
function repeat({ every, read }: Group, context: ModuleContext, countFailure: () => void): () => void {
  const { clock } = context;
  let isStopped = false;
  let cancel = (): void => undefined;
  let said = "";
  /** Says why once, and again only for another reason: a sensor that is not there will not be there a second later either. */
  const say = (outcome: Exclude<Outcome, { kind: "readings" }>): void => {
    if (said === outcome.what) return;
    said = outcome.what;
    if (outcome.kind === "absent") context.log.info(`not told on this computer: ${outcome.what}`);
    else context.log.warn(`could not be read: ${outcome.what}`);
  };
  const round = async (): Promise<void> => {
    const startedAt = clock.now();
    const outcome = await read();
    if (isStopped) return;
    if (outcome.kind === "readings") {
      for (const [output, value] of Object.entries(outcome.readings)) {
        if (value !== undefined) context.emit(output, value);
      }
    } else {
      say(outcome);
      if (outcome.kind === "unreadable") countFailure();
    }
    const delay = Math.max(0, startedAt + every * 1000 - clock.now());
    cancel = clock.after(millis(delay), () => void round());
  };
  void round();
  return () => {
    isStopped = true;
    cancel();
  };
}
