/** What an instance shows, kept for its next life: soon after it has changed, and while it stands still too. */
import { millis, type ModuleContext } from "@interactor/shared/sdk/define-module";
import type { Remembered } from "./engine/engine.ts";
import { ErrorReport } from "./error-report.ts";
import type { Memory } from "./memory.ts";

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

  async recall(): Promise<Remembered | undefined> {
    const remembered = await this.#memory?.recall();
    if (typeof remembered !== "string") return remembered;
    this.#context.log.warn(remembered);
    return undefined;
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
