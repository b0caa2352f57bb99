/**
 * Waits for many descriptors at once. Such a wait holds one of the few threads of the process for files, so there is
 * one for all instances of a thread, and not one each.
 */
import type { Kernel } from "./kernel.ts";
import { waitMillis } from "./limits.ts";

export interface Watcher {
  /** There is something to read, or an error to be met by reading: it must be read before this returns. */
  ready(): void;
  /** It is watched no more. */
  failed(error: unknown): void;
}

/** Ends the watching. Resolves when the descriptor may be closed. */
export type Unwatch = () => Promise<void>;

export class ReadyDescriptors {
  readonly #kernel: Pick<Kernel, "wait">;
  readonly #watchers = new Map<number, Watcher>();
  #isRunning = false;
  #wait: Promise<void> = Promise.resolve();

  constructor(kernel: Pick<Kernel, "wait">) {
    this.#kernel = kernel;
  }

  /** From the next wait on: what is there already is seen within `waitMillis`. */
  watch(descriptor: number, watcher: Watcher): Unwatch {
    this.#watchers.set(descriptor, watcher);
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    }
    return async () => {
      if (this.#watchers.get(descriptor) === watcher) this.#watchers.delete(descriptor);
      await this.#wait;
    };
  }

  async #run(): Promise<void> {
    while (this.#watchers.size > 0) {
      this.#wait = this.#once();
      await this.#wait;
    }
    this.#isRunning = false;
  }

  async #once(): Promise<void> {
    const descriptors = [...this.#watchers.keys()];
    try {
      for (const descriptor of await this.#kernel.wait(descriptors, waitMillis)) this.#tell(descriptor);
    } catch (error) {
      // Such an error is of the call and not of one descriptor: all who took part hear of it.
      for (const descriptor of descriptors) this.#fail(descriptor, error);
    }
  }

  #tell(descriptor: number): void {
    try {
      this.#watchers.get(descriptor)?.ready();
    } catch (error) {
      this.#fail(descriptor, error);
    }
  }

  #fail(descriptor: number, error: unknown): void {
    const watcher = this.#watchers.get(descriptor);
    this.#watchers.delete(descriptor);
    watcher?.failed(error);
  }
}
