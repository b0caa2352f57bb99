/**
 * The bundles of a plan, looked at when their instances start: a card may have damaged one since it was installed. What is
 * damaged is fetched again, by the digest under which it was installed, and the rest of the node runs meanwhile.
 */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import type { ApplyStore } from "./ports/apply-store.ts";
import type { HubFiles } from "./ports/hub-files.ts";
import type { Log } from "./ports/log.ts";

type PlannedFile = Plan["files"][number];

export interface BundlesWorld {
  readonly applyStore: ApplyStore;
  readonly files: HubFiles;
  readonly log: Log;
}

export class AgentBundles {
  readonly #world: BundlesWorld;
  /** By digest; each once, however many instances wait for it. */
  readonly #fetching = new Set<string>();
  readonly #abort = new AbortController();

  constructor(world: BundlesWorld) {
    this.#world = world;
  }

  /** Throws a Fault `BUNDLE_DAMAGED` unless it has the bytes of its digest, and has it fetched: it may be there a little later. */
  async whole(file: PlannedFile): Promise<void> {
    const { applyStore, log } = this.#world;
    const { digest } = file;
    const words = `its bundle ${digest.slice(0, 12)} is damaged on this node's disk, and is fetched again from the hub`;
    if (this.#fetching.has(digest)) throw new Fault("BUNDLE_DAMAGED", words);
    try {
      await applyStore.check(digest);
    } catch (cause) {
      log.error("a bundle is damaged on this node's disk", { digest, cause: messageOf(cause) });
      if (!this.#fetching.has(digest)) void this.#fetch(file);
      throw new Fault("BUNDLE_DAMAGED", words, { cause });
    }
  }

  end(): void {
    this.#abort.abort();
  }

  async #fetch({ digest, bytes }: PlannedFile): Promise<void> {
    const { applyStore, files, log } = this.#world;
    const { signal } = this.#abort;
    this.#fetching.add(digest);
    try {
      const receipt = await applyStore.receive(digest, bytes);
      if (receipt.offset < bytes) {
        for await (const piece of files.fetch(digest, receipt.offset, signal)) {
          signal.throwIfAborted();
          await receipt.add(piece);
        }
      }
      await receipt.finish();
      log.info("a damaged bundle was fetched again", { digest });
    } catch (error) {
      // Whoever waits for it asks again.
      log.warn("a damaged bundle could not be fetched", { digest, cause: messageOf(error) });
    } finally {
      this.#fetching.delete(digest);
    }
  }
}
