/** Small files that are replaced whole: a life that ends in the middle leaves the old one or the new one. */
import type { StateStore } from "../../agent/src/ports/state-store.ts";
import type { StopStore } from "../../hub/src/ports/stop-store.ts";
import type { KeptStop } from "../../hub/src/core/stop/stop-book.ts";
import { Fault } from "@interactor/shared/kernel/fault";
import type { ZoneLatch } from "@interactor/shared/wire/messages/stop";
import type { Chance } from "./chance.ts";
import type { DiskWeather } from "./sim-disk.ts";
import type { SimProcess } from "./sim-process.ts";

const takes = 4;

/** One file. */
export class Slot<Content> {
  readonly #weather: DiskWeather;
  readonly #chance: Chance;
  content: Content | undefined;
  #coming: Content | undefined;
  #isComing = false;
  readonly #landed: (content: Content | undefined) => void;

  /** `landed`: something is on the disk. */
  constructor(
    weather: DiskWeather,
    chance: Chance,
    landed: (content: Content | undefined) => void = () => undefined,
  ) {
    this.#weather = weather;
    this.#chance = chance;
    this.#landed = landed;
  }

  async load(process: SimProcess): Promise<Content | undefined> {
    await process.wait(1);
    return this.content;
  }

  async save(process: SimProcess, content: Content | undefined): Promise<void> {
    await process.ifAlive();
    this.#coming = content;
    this.#isComing = true;
    await process.wait(takes * this.#weather.slowness);
    this.#isComing = false;
    if (this.#weather.isFull) throw new Fault("ENOSPC", "no space left on device");
    this.content = content;
    this.#landed(content);
  }

  /** Whoever wrote is no more. */
  killed(): void {
    const hasLanded = this.#isComing && !this.#weather.isFull && this.#chance.is(0.5);
    this.#isComing = false;
    if (!hasLanded) return;
    this.content = this.#coming;
    this.#landed(this.content);
  }
}

export class StateFiles {
  readonly #stop: Slot<readonly ZoneLatch[]>;
  readonly #mark: Slot<Uint8Array>;

  constructor(weather: DiskWeather, chance: Chance) {
    this.#stop = new Slot(weather, chance);
    this.#mark = new Slot(weather, chance);
  }

  open(process: SimProcess): StateStore {
    return {
      loadStop: async () => (await this.#stop.load(process)) ?? [],
      saveStop: (latches) => this.#stop.save(process, latches),
      loadLedgerMark: () => this.#mark.load(process),
      saveLedgerMark: (mark) => this.#mark.save(process, mark),
    };
  }

  killed(): void {
    for (const slot of [this.#stop, this.#mark]) slot.killed();
  }
}

export function stopStoreOn(slot: Slot<KeptStop>, process: SimProcess): StopStore {
  return { load: () => slot.load(process), save: (kept) => slot.save(process, kept) };
}
