/** What goes wrong on purpose, so that one can see beforehand how a node gets over it. */
import { type ModuleContext, seconds } from "@interactor/shared/sdk/define-module";
import type { Settings } from "./settings.ts";

/** Begins what the settings ask for. Returns how to end it. */
export function beginMisbehaviour({ misbehave = {} }: Settings, { clock, log }: ModuleContext): () => void {
  const { crashAfter, hangAfter } = misbehave;
  const cancels: (() => void)[] = [];
  if (crashAfter !== undefined) {
    const crash = (): void => {
      throw new Error("it crashed, as its settings ask for");
    };
    cancels.push(clock.after(seconds(crashAfter), crash));
  }
  if (hangAfter !== undefined) {
    const hang = (): void => {
      log.warn("from now on its worker thread answers nobody, as its settings ask for");
      // What it said just now leaves the thread first.
      clock.after(seconds(0.05), hangForEver);
    };
    cancels.push(clock.after(seconds(hangAfter), hang));
  }
  return () => {
    for (const cancel of cancels) cancel();
  };
}

function hangForEver(): never {
  for (;;);
}
