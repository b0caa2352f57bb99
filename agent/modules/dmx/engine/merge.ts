/**
 * The sources of a universe merged into one look: on each slot the highest priority shows; among equals the highest
 * level (HTP), or on slots that are not intensity the latest (LTP). Which source shows is kept for each slot.
 */
import type { Instant } from "@interactor/shared/sdk/define-module";
import { slotCount } from "./slots.ts";
import type { Source } from "./source.ts";

export class Merge {
  /** Anew when one comes or goes, which is seldom; gone through for every slot of every frame. */
  #sources: readonly Source[] = [];
  readonly #shown: (Source | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  readonly #latest: ReadonlySet<number>;

  /** `latest`: the slots, counted from 0, on which the latest takes precedence. */
  constructor(latest: ReadonlySet<number>) {
    this.#latest = latest;
  }

  /** Whether the latest shows on the slot: it is no intensity, and 0 does not mean off there. */
  isLatest(slot: number): boolean {
    return this.#latest.has(slot);
  }

  add(source: Source): void {
    this.#sources = [...this.#sources, source];
  }

  /** Who shows on the slot; `undefined`: nobody drives it. */
  shownAt(slot: number): Source | undefined {
    return this.#shown[slot];
  }

  /** Returns whether the slot has to be looked at again. */
  drive(
    source: Source,
    slot: number,
    driven: { readonly level: number; readonly priority: number },
    at: Instant,
  ): boolean {
    if (!source.drive(slot, driven, at)) return false;
    this.#settle(slot);
    return true;
  }

  release(source: Source, slot: number): boolean {
    if (!source.release(slot)) return false;
    this.#settle(slot);
    return true;
  }

  /** Takes a source out that drives nothing any more. */
  remove(source: Source): void {
    this.#sources = this.#sources.filter((each) => each !== source);
  }

  #settle(slot: number): void {
    const isLatest = this.isLatest(slot);
    let shown: Source | undefined;
    for (const source of this.#sources) {
      if (!source.drives(slot)) continue;
      if (shown === undefined || source.beats(shown, slot, isLatest)) shown = source;
    }
    this.#shown[slot] = shown;
  }
}
