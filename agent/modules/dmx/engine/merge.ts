/**
 * The sources of a universe merged into one look: on each slot the highest priority shows; among equals the highest
 * level (HTP), or on slots that are not intensity the latest (LTP). Which source shows is kept for each slot.
 */
import { between, type Instant, instant } from "@interactor/shared/sdk/define-module";
import { slotCount } from "./slots.ts";
import { type Driven, Source } from "./source.ts";
import type { Wholes } from "./wholes.ts";

/** Who was the latest in an earlier life. */
interface Former {
  /** By slot, the name of the source. */
  readonly latest: ReadonlyMap<number, string>;
  readonly at: Instant;
  /** Whoever drives a slot for the first time after this does so because something is new. */
  readonly until: Instant;
}

export class Merge {
  /** Anew when one comes or goes, which is seldom; gone through for every slot of every frame. */
  #sources: readonly Source[] = [];
  readonly #shown: (Source | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  readonly #latest: ReadonlySet<number>;
  readonly #wholes: Wholes;
  #former: Former | undefined;
  /** Of an earlier life, by their names: what they showed stands in for them until they speak. */
  readonly #awaited = new Map<string, Source>();

  /** `latest`: the slots, counted from 0, on which the latest takes precedence. */
  constructor(latest: ReadonlySet<number>, wholes: Wholes = new Map()) {
    this.#latest = latest;
    this.#wholes = wholes;
  }

  /**
   * All who drove slots in an earlier life come again one by one, and none of them has anything new to say: the latest is
   * who was the latest then.
   */
  restore(former: Former): void {
    this.#former = former;
  }

  /** Whether the latest shows on the slot: it is no intensity, and 0 does not mean off there. */
  isLatest(slot: number): boolean {
    return this.#latest.has(slot);
  }

  /**
   * Stands in for who drove slots in an earlier life, on each until that one speaks: who comes back sooner has to win
   * against it.
   */
  standIn(name: string, words: string): Source {
    const known = this.#awaited.get(name);
    if (known !== undefined) return known;
    const source = new Source(name, words);
    this.#awaited.set(name, source);
    this.add(source);
    return source;
  }

  isAwaited(slot: number): boolean {
    for (const source of this.#awaited.values()) if (source.drives(slot)) return true;
    return false;
  }

  /** It will not speak on that slot. */
  forgetAwaited(name: string, slot: number): void {
    const source = this.#awaited.get(name);
    if (source !== undefined) this.release(source, slot);
  }

  /** Who has not come by now does not come. Returns the slots that have to be looked at again. */
  forgetAllAwaited(): readonly number[] {
    const slots: number[] = [];
    for (const source of this.#awaited.values()) {
      for (let slot = 0; slot < slotCount; slot += 1) if (this.release(source, slot)) slots.push(slot);
      this.remove(source);
    }
    this.#awaited.clear();
    return slots;
  }

  add(source: Source): void {
    this.#sources = [...this.#sources, source];
  }

  /** Who shows on the slot; `undefined`: nobody drives it. */
  shownAt(slot: number): Source | undefined {
    return this.#shown[slot];
  }

  /** Who would show on the slot if `source` drove nothing. */
  beneath(source: Source, slot: number): Source | undefined {
    return this.#best(slot, this.#wholes.get(slot), source);
  }

  /** Returns whether the slot has to be looked at again, and those that are one number with it. */
  drive(source: Source, slot: number, driven: Driven, at: Instant): boolean {
    const isNew = source.drive(slot, driven, this.#saidAt(source, slot, driven, at), this.#wholes.get(slot));
    const awaited = this.#awaited.get(source.name);
    const hasCome = awaited !== undefined && awaited !== source && awaited.release(slot);
    if (!isNew && !hasCome) return false;
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

  #saidAt(source: Source, slot: number, { isNews }: Driven, at: Instant): Instant {
    const former = this.#former;
    if (former === undefined) return at;
    if (between(former.until, at) >= 0) this.#former = undefined;
    const latest = former.latest.get(slot);
    if (this.#former === undefined || latest === undefined || isNews === true || source.drives(slot))
      return at;
    return source.name === latest ? former.at : instant(former.at - 1);
  }

  #settle(slot: number): void {
    const together = this.#wholes.get(slot);
    if (together === undefined) this.#shown[slot] = this.#best(slot);
    else for (const each of together) this.#shown[each] = this.#best(each, together);
  }

  #best(slot: number, together?: readonly number[], without?: Source): Source | undefined {
    const isLatest = this.isLatest(slot);
    let best: Source | undefined;
    for (const source of this.#sources) {
      if (source === without || !source.drives(slot)) continue;
      if (best === undefined || source.beats(best, slot, isLatest, together)) best = source;
    }
    return best;
  }
}
