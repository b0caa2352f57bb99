/** The book of show stops on disk: one write at a time, of what is true when it begins; what fails is tried again. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { seconds } from "@interactor/shared/kernel/units";
import type { KeptStop } from "./core/stop/stop-book.ts";
import type { Log } from "./ports/log.ts";
import type { StopStore } from "./ports/stop-store.ts";

/** How often what could not be kept is tried again. */
const keepAgainAfter = seconds(5);

export interface StopKeepingWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: StopStore;
}

export class StopKeeping {
  readonly #world: StopKeepingWorld;
  readonly #kept: () => KeptStop;
  #isUnkept = false;
  #writing: Promise<void> | undefined;
  #problem: string | undefined;

  /** `kept`: what is true now. */
  constructor(world: StopKeepingWorld, kept: () => KeptStop) {
    this.#world = world;
    this.#kept = kept;
  }

  /** What keeps it from outliving the hub, in words; `undefined`: nothing. */
  get problem(): string | undefined {
    return this.#problem;
  }

  keep(): void {
    this.#isUnkept = true;
    this.#writing ??= this.#write();
  }

  /** What is true is on disk, or the disk has refused it once more. */
  async end(): Promise<void> {
    if (this.#isUnkept && this.#writing === undefined) this.keep();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { clock, log, store } = this.#world;
    try {
      while (this.#isUnkept) {
        this.#isUnkept = false;
        await store.save(this.#kept());
        this.#problem = undefined;
      }
    } catch (error) {
      const words = "the show stop could not be kept on disk: nodes keep it, a restart of the hub may not";
      log.error(words, { cause: messageOf(error) });
      this.#problem = `${words} (${messageOf(error)})`;
      this.#isUnkept = true;
      clock.after(keepAgainAfter, () => {
        if (this.#isUnkept) this.keep();
      });
    } finally {
      this.#writing = undefined;
    }
  }
}
