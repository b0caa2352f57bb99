/** The starts of a guest's runs: of each it is told once how it failed, whatever the guest says, or that it takes too long. */
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import type { FromGuest } from "@interactor/shared/sdk/guest-messages";
import { instanceOf } from "@interactor/shared/sdk/run-name";
import { pingInterval } from "./agent-guest-pings.ts";
import { toldWords } from "./agent-guest-words.ts";
import type { GuestKeeping } from "./agent-guest-world.ts";
import type { ServedRun } from "./agent-services.ts";
import type { GuestEnd } from "./ports/guest-line.ts";

/** Code is loaded, what is kept is brought over, and it starts. Longer: it is told as a start that failed, and waited for. */
export const startMax = seconds(30);

export interface StartsOf {
  readonly options: GuestKeeping;
  /** A guest that does not answer hangs, and is told as such. */
  readonly isSilent: () => boolean;
  readonly tellCrash: (reason: string, end: GuestEnd, ran: readonly ServedRun[]) => void;
}

export class GuestStarts {
  readonly #of: StartsOf;
  readonly #begun = new Map<string, { readonly run: ServedRun; readonly cancel: () => void }>();

  constructor(of: StartsOf) {
    this.#of = of;
  }

  begun(run: ServedRun): void {
    this.over(run.run);
    this.#await(run, startMax);
  }

  /** One that is told to take too long is waited for all the same: it may fail yet. */
  #await(run: ServedRun, span: Millis): void {
    const cancel = this.#of.options.clock.after(span, () => {
      // That nobody has heard of it for a moment says nothing yet.
      if (this.#of.isSilent()) this.#await(run, pingInterval);
      else this.#late(run);
    });
    this.#begun.set(run.run, { run, cancel });
  }

  /** Its end is not awaited any more. */
  over(name: string): void {
    this.#begun.get(name)?.cancel();
    this.#begun.delete(name);
  }

  clear(): void {
    for (const name of this.#begun.keys()) this.over(name);
  }

  /** Told once for each start: whoever says it again and again fills no disk. Returns what was said, without secrets. */
  failed([, name, said, stack = ""]: Extract<FromGuest, { readonly 0: "failed" }>): string {
    const { options, tellCrash } = this.#of;
    const run = this.#begun.get(name)?.run;
    this.over(name);
    const reason = toldWords(options, said);
    if (run === undefined) return reason;
    const instance = instanceOf(name);
    options.log.error(`${instance} did not start: ${reason}`, { instance });
    tellCrash(`it did not start: ${reason}`, { cause: "start", stack }, [run]);
    return reason;
  }

  #late(run: ServedRun): void {
    const { options, tellCrash } = this.#of;
    const reason = `it has not started for ${startMax / 1000} s: its start waits for something`;
    const instance = instanceOf(run.run);
    options.log.warn(`${instance}: ${reason}`, { instance });
    tellCrash(reason, { cause: "start" }, [run]);
  }
}
