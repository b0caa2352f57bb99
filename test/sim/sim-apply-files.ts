/** What a node shall run, on the disk of its machine: the record is replaced whole, and a file has its digest or is not there. */
import type { ApplyStore, Kept } from "../../agent/src/ports/apply-store.ts";
import { nothingKept } from "../../agent/src/ports/apply-store.ts";
import { Fault } from "@interactor/shared/kernel/fault";
import { receiptOf } from "../contract/apply/memory-apply-store.ts";
import type { Chance } from "./chance.ts";
import type { DiskWeather } from "./sim-disk.ts";
import type { SimProcess } from "./sim-process.ts";
import { Slot } from "./sim-stores.ts";

export class ApplyFiles {
  readonly #weather: DiskWeather;
  readonly #chance: Chance;
  readonly #record: Slot<Kept>;
  /** By digest. */
  readonly #contents = new Map<string, Slot<Uint8Array>>();

  constructor(weather: DiskWeather, chance: Chance) {
    this.#weather = weather;
    this.#chance = chance;
    this.#record = new Slot(weather, chance);
  }

  open(process: SimProcess): ApplyStore {
    let saving: Promise<void> = Promise.resolve();
    const read = async (digest: string): Promise<Uint8Array> => {
      const bytes = await this.#contents.get(digest)?.load(process);
      if (bytes === undefined) throw new Fault("CONTENT_MISSING", `the file ${digest} is not there`);
      return bytes;
    };
    return {
      load: async () => (await this.#record.load(process)) ?? nothingKept,
      save: (kept) => {
        const saved = saving.then(() => this.#record.save(process, kept));
        saving = saved.catch(() => undefined);
        return saved;
      },
      has: async (digest) => {
        await process.wait(1);
        return this.#contents.get(digest)?.content !== undefined;
      },
      read,
      check: async (digest) => void (await read(digest)),
      pathOf: (digest) => digest,
      receive: async (digest) =>
        receiptOf(digest, async (bytes) => {
          const slot = new Slot<Uint8Array>(this.#weather, this.#chance);
          this.#contents.set(digest, slot);
          await slot.save(process, bytes);
        }),
      collect: async (wanted) => {
        await process.wait(1);
        const gone = [...this.#contents.keys()].filter((digest) => !wanted.has(digest));
        for (const digest of gone) this.#contents.delete(digest);
        return gone.length;
      },
    };
  }

  killed(): void {
    for (const slot of [this.#record, ...this.#contents.values()]) slot.killed();
  }
}
