/** Runs a machine: inputs are its events, its state and what it says are outputs. */
import {
  defineModule,
  type Instance,
  messageOf,
  millis,
  type ModuleContext,
} from "@interactor/shared/sdk/define-module";
import { wordsMax } from "./limits.ts";
import { manifest } from "./manifest.ts";
import { type Settings, settings } from "./settings.ts";
import { type Outcome, Statechart } from "./statechart.ts";

export const definition = defineModule({ manifest, settings, start });

function start(settings: Settings, context: ModuleContext): Instance {
  const { clock } = context;
  const chart = new Statechart(settings);
  const logged = new Set<string>();
  let failures = 0;
  let cancel = (): void => undefined;

  const fail = (words: string): void => {
    failures += 1;
    if (logged.has(words) || logged.size >= wordsMax) return;
    logged.add(words);
    context.log.warn(words);
  };
  const say = ({ emitted, state, failures: told }: Outcome): void => {
    const before = failures;
    for (const words of told) fail(words);
    // The state first: who reads it knows what the rest is said in.
    if (state !== undefined) context.emit("state", state);
    for (const [output, value] of emitted) {
      try {
        context.emit(output, value);
      } catch (error) {
        fail(`${output} in ${chart.state}: ${messageOf(error)}`);
      }
    }
    if (failures > before) context.emit("failures", failures);
    wait();
  };
  const wait = (): void => {
    cancel();
    const { due } = chart;
    if (due === undefined) return;
    const delay = millis(Math.max(0, due - clock.now()));
    cancel = clock.after(delay, () => say(chart.wake(clock.now())));
  };

  context.onInput((input, applied) => {
    if (applied !== undefined) say(chart.take(input, applied.value, clock.now()));
  });
  context.emit("failures", 0);
  say(chart.start(clock.now()));
  context.running();
  return {
    stop() {
      cancel();
      return Promise.resolve();
    },
  };
}
