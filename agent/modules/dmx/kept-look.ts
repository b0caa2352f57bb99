/** What an instance shows, kept for its next life: soon after it has changed, and while it stands still too. */
import { millis, type ModuleContext } from "@interactor/shared/sdk/define-module";
import type { Engine, Remembered, Shower } from "./engine/engine.ts";
import { ErrorReport } from "./error-report.ts";
import type { Memory } from "./memory.ts";
import type { Settings } from "./settings.ts";

/** What is shown is kept at most four times a second: an agent that is killed loses no more than that. */
const keepingDelay = millis(250);

export class KeptLook {
  readonly #context: Pick<ModuleContext, "clock" | "log">;
  readonly #memory: Memory | undefined;
  readonly #now: () => Remembered;
  readonly #unkept = new ErrorReport();
  #cancel: (() => void) | undefined;

  /** `memory`: none where nothing is to be kept. `now`: what is shown at this moment. */
  constructor(
    context: Pick<ModuleContext, "clock" | "log">,
    memory: Memory | undefined,
    now: () => Remembered,
  ) {
    this.#context = context;
    this.#memory = memory;
    this.#now = now;
  }

  /** Returns whether there was an earlier life, whose look the engine shows now. */
  async restore(engine: Engine): Promise<boolean> {
    const recalled = await this.#memory?.recall();
    if (typeof recalled === "string") this.#context.log.warn(recalled);
    if (recalled === undefined || typeof recalled === "string") return false;
    engine.restore(recalled.remembered, this.#context.clock.now(), recalled.ago);
    return true;
  }

  /** Together with what else changes until then. Where nothing has changed that costs next to nothing. */
  soon(): void {
    if (this.#memory === undefined) return;
    this.#cancel ??= this.#context.clock.after(keepingDelay, () => {
      this.#cancel = undefined;
      void this.#keep(this.#now());
    });
  }

  /** The last word of this life. */
  async finally(remembered: Remembered): Promise<void> {
    this.#cancel?.();
    await this.#keep(remembered);
  }

  async #keep(remembered: Remembered): Promise<void> {
    const problem = await this.#memory?.keep(remembered);
    const line = problem && this.#unkept.count(problem, this.#context.clock.now());
    if (line !== undefined) this.#context.log.warn(line);
  }
}

/**
 * Whose levels an instance leaves that ends in good order. Inputs are set again, and cue lists play on, at once. Of a desk
 * nothing is heard for up to a second, and a recording is read first: with the settings that come next they are bridged,
 * where those settings still know them. Without any, nobody knows who comes; and the desk of another universe is not
 * whom they listen to.
 */
export const isBridged =
  (now: Settings, next: Settings | undefined) =>
  (shower: Shower): boolean => {
    if (shower.kind === "recording")
      return next !== undefined && Object.hasOwn(next.stored.recordings, shower.name);
    const isOfDesk = shower.kind === "desk" || shower.kind === "failsafe";
    return isOfDesk && next?.receive?.merge === true && heardBy(now) === heardBy(next);
  };

/** What an instance listens to, as a text. */
const heardBy = ({ universe, receive }: Settings): string =>
  JSON.stringify([
    universe,
    receive?.sacn?.universe ?? null,
    receive?.artnet?.portAddress ?? null,
    receive?.usb?.place ?? null,
  ]);
