/**
 * What the desks show together, for routes: their look by itself, whatever else drives the universe here. A channel
 * whose source is lost keeps its last level, and is said to be stale. Pure.
 */
import type { Instant } from "@interactor/shared/sdk/define-module";
import { Merge } from "./engine/merge.ts";
import {
  type FrameOutcome,
  type HeardDesk,
  type NetworkFrame,
  NetworkSources,
  type Synchronization,
} from "./engine/network-sources.ts";
import { levelMax, slotCount } from "./engine/slots.ts";

export interface ChannelReading {
  readonly output: string;
  /** 0 to 1. */
  readonly value: number;
  /** Nobody sends this channel any more. */
  readonly isStale: boolean;
}

interface Followed {
  readonly output: string;
  readonly slot: number;
  level: number | undefined;
  isStale: boolean;
}

export class ReceivedLook {
  /** Slot 1 first; the last levels where nobody sends any more. Always the same array. */
  readonly levels = new Uint8Array(slotCount);
  readonly #merge: Merge;
  readonly #sources: NetworkSources;
  readonly #followed: readonly Followed[];

  constructor(latest: ReadonlySet<number>, channels: Readonly<Record<string, { readonly channel: number }>>) {
    this.#merge = new Merge(latest);
    this.#sources = new NetworkSources(this.#merge);
    this.#followed = Object.entries(channels).map(([output, { channel }]) => ({
      output,
      slot: channel - 1,
      level: undefined,
      isStale: false,
    }));
  }

  /** How many are heard. */
  get count(): number {
    return this.#sources.count;
  }

  get desks(): readonly HeardDesk[] {
    return this.#sources.desks;
  }

  /** Grows with every change of `desks`. */
  get changes(): number {
    return this.#sources.changes;
  }

  receive(frame: NetworkFrame, at: Instant): FrameOutcome {
    const outcome = this.#sources.receive(frame, at, () => undefined);
    if (outcome.kind === "taken" || outcome.kind === "lost") this.#show(outcome.slots);
    return outcome;
  }

  synchronize(said: Synchronization, at: Instant): void {
    this.#show(this.#sources.synchronize(said, at));
  }

  advance(at: Instant): void {
    this.#show(this.#sources.expire(at, () => undefined));
  }

  wakeAt(): Instant | undefined {
    return this.#sources.wakeAt();
  }

  /** The channels that are others than when they were last taken; before a desk was heard there are none. */
  takeReadings(): readonly ChannelReading[] {
    const readings: ChannelReading[] = [];
    for (const each of this.#followed) {
      const isDriven = this.#merge.shownAt(each.slot) !== undefined;
      if (!isDriven && each.level === undefined) continue;
      const level = this.levels[each.slot] ?? 0;
      if (level === each.level && isDriven === !each.isStale) continue;
      each.level = level;
      each.isStale = !isDriven;
      readings.push({ output: each.output, value: level / levelMax, isStale: each.isStale });
    }
    return readings;
  }

  #show(slots: readonly number[]): void {
    for (const slot of slots) {
      const shown = this.#merge.shownAt(slot);
      if (shown !== undefined) this.levels[slot] = shown.levelAt(slot);
    }
  }
}
