/**
 * One who drives slots of a universe: the inputs of an instance, a cue list, a lighting desk on the network. A
 * source holds a level, a priority and the time of its last change for each slot, and no opinion on the others.
 */
import type { Instant } from "@interactor/shared/sdk/define-module";
import { slotCount } from "./slots.ts";
import { wholeOf } from "./wholes.ts";

/** Priority of a slot that the source does not drive. */
const notDriven = -1;
/** Sources on the network have 0 to 200 (E1.31 section 6.2.3). What stands above them is ours alone. */
export const priorities = { network: 200, channels: 201, stop: 255 } as const;

export interface Driven {
  readonly level: number;
  readonly priority: number;
  /** Somebody has said so just now, also where the level is the one that it was. */
  readonly isNews?: boolean;
}

export class Source {
  /** Its own alone: it decides between equals. */
  readonly name: string;
  /** What people call it now. */
  words: string;
  readonly #levels = new Uint8Array(slotCount);
  readonly #priorities = new Int16Array(slotCount).fill(notDriven);
  readonly #changedAt = new Float64Array(slotCount);

  constructor(name: string, words = name) {
    this.name = name;
    this.words = words;
  }

  drives(slot: number): boolean {
    return this.priorityAt(slot) !== notDriven;
  }

  /** 0 where it drives nothing. */
  levelAt(slot: number): number {
    return this.#levels[slot] ?? 0;
  }

  /**
   * Returns whether that is something new. The time counts when the level is another one, or is said to be news; then it
   * counts for all of `together`, the slots that are one number with this one.
   */
  drive(slot: number, driven: Driven, at: Instant, together?: readonly number[]): boolean {
    const isSameLevel = this.drives(slot) && this.#levels[slot] === driven.level;
    const isNews = !isSameLevel || driven.isNews === true;
    if (!isNews && this.#priorities[slot] === driven.priority) return false;
    if (isNews) this.#changedAt[slot] = at;
    if (isNews && together !== undefined) for (const each of together) this.#changedAt[each] = at;
    this.#levels[slot] = driven.level;
    this.#priorities[slot] = driven.priority;
    return true;
  }

  /** Returns whether it drove the slot. */
  release(slot: number): boolean {
    if (!this.drives(slot)) return false;
    this.#priorities[slot] = notDriven;
    this.#levels[slot] = 0;
    return true;
  }

  /**
   * Whether this source shows on the slot and not `other`; both drive it. By priority, then (where the latest takes
   * precedence) by time, then by level, then by name: a total order, so that no merge depends on who came first. Slots that
   * are one number together have one level, which is that number: else a head would look where nobody has sent it.
   */
  beats(other: Source, slot: number, isLatest: boolean, together?: readonly number[]): boolean {
    const byPriority = this.priorityAt(slot) - other.priorityAt(slot);
    if (byPriority !== 0) return byPriority > 0;
    const byTime = isLatest ? (this.#changedAt[slot] ?? 0) - (other.#changedAt[slot] ?? 0) : 0;
    if (byTime !== 0) return byTime > 0;
    const byLevel = this.#numberAt(slot, together) - other.#numberAt(slot, together);
    return byLevel === 0 ? this.name < other.name : byLevel > 0;
  }

  #numberAt(slot: number, together: readonly number[] | undefined): number {
    return together === undefined ? this.levelAt(slot) : wholeOf(together, (each) => this.levelAt(each));
  }

  /** -1 where it drives nothing. */
  priorityAt(slot: number): number {
    return this.#priorities[slot] ?? notDriven;
  }
}
