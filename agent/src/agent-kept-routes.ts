/** What a node keeps on disk to run its routes without a hub. The disk may fail; the node goes on. */
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Log } from "./ports/log.ts";
import type { StateStore } from "./ports/state-store.ts";

export class KeptRoutes {
  readonly #store: StateStore;
  readonly #log: Log;

  constructor(store: StateStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Hands the kept document to `adopt`. One that it finds wrong, as it returns in words, is set aside. */
  async load(adopt: (document: Uint8Array) => string | undefined): Promise<void> {
    const words = "the routes kept on disk cannot be read: this node has none until the hub sends them";
    try {
      const document = await this.#store.loadDesired();
      const reason = document === undefined ? undefined : adopt(document);
      if (reason !== undefined) this.#log.error(words, { reason, file: await this.#store.setDesiredAside() });
    } catch (error) {
      this.#log.error(words, { cause: messageOf(error) });
    }
  }

  async keep(document: Uint8Array): Promise<void> {
    try {
      await this.#store.saveDesired(document);
    } catch (error) {
      this.#log.error("the routes could not be kept on disk: a cold start runs the old ones", {
        cause: messageOf(error),
      });
    }
  }
}
