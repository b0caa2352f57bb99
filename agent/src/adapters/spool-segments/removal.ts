/** Takes segments out of the way one after the other: those that are done with go, damaged ones are set aside. */
import { rm } from "node:fs/promises";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Log } from "../../ports/log.ts";
import { setAside } from "./recovery.ts";
import type { Segment } from "./segment.ts";
import { syncFolder } from "./segment-writer.ts";

export class Removal {
  readonly #folder: string;
  readonly #log: Log;
  #removing = Promise.resolve();

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  remove(segment: Segment): void {
    this.#removing = this.#removing.then(() => this.#take(segment));
  }

  /** Resolves when all have gone. */
  settled(): Promise<void> {
    return this.#removing;
  }

  /** Resolves when all have gone and do not come back after a power cut. */
  async synced(): Promise<void> {
    await this.#removing;
    try {
      await syncFolder(this.#folder);
    } catch (error) {
      this.#log.warn("spool: its folder cannot be synced", { cause: messageOf(error) });
    }
  }

  async #take(segment: Segment): Promise<void> {
    try {
      if (!segment.isDamaged) return await rm(segment.path, { force: true });
      const aside = await setAside(segment, this.#folder);
      return this.#log.error("spool: a damaged segment was set aside", { path: aside });
    } catch (error) {
      // It stays, and the next start finds out by the cursor that it is done with.
      return this.#log.warn("spool: a segment cannot be removed", { cause: messageOf(error) });
    }
  }
}
