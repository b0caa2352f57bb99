/**
 * What a slot shows when the source that showed on it is lost and nobody else drives it: the last level for a while,
 * then a fade to a scene. Each slot has its own time, because sources are lost one by one.
 */
import {
  between,
  earliest,
  type Instant,
  later,
  type Millis,
  seconds,
} from "@interactor/shared/sdk/define-module";
import { faded, progress } from "./fade.ts";
import { byteOf, wholeOf, type Wholes } from "./wholes.ts";

export interface FailsafeSettings {
  /** `null`: for ever, and nothing follows. */
  readonly hold: Millis | null;
  readonly fade: Millis;
  /** By slot, counted from 0; slots that are not here go to where they rest. */
  readonly scene: ReadonlyMap<number, number>;
}

export interface FailsafePlace {
  /** By slot; 0 where it says nothing. */
  readonly rest: ReadonlyMap<number, number>;
  readonly wholes: Wholes;
  /** Slots that do not fade: they jump when the hold is over. */
  readonly stepped: ReadonlySet<number>;
}

/** Sources on the network have so long to be heard again (E1.31 appendix A); inputs come back sooner. */
export const restoredTimeout = seconds(2.5);

interface Held {
  readonly level: number;
  readonly hold: Millis | null;
  readonly since: Instant;
  hasArrived: boolean;
}

export class Failsafe {
  readonly #settings: FailsafeSettings;
  readonly #place: FailsafePlace;
  readonly #held = new Map<number, Held>();

  constructor(settings: FailsafeSettings, place: FailsafePlace) {
    this.#settings = settings;
    this.#place = place;
  }

  /** The source that showed `level` was lost. */
  lost(slot: number, level: number, at: Instant): void {
    this.#held.set(slot, { level, hold: this.#settings.hold, since: at, hasArrived: false });
  }

  /**
   * Shows what an earlier life of this instance showed, until somebody drives the slot: as of a source that fell
   * silent when this life began, which is lost when its time is over.
   */
  restore(slot: number, level: number, at: Instant): void {
    this.lost(slot, level, later(at, restoredTimeout));
  }

  /** Somebody drives the slot again, or let it go. */
  forget(slot: number): void {
    this.#held.delete(slot);
  }

  holds(slot: number): boolean {
    return this.#held.has(slot);
  }

  /** 0 when it is not held. */
  levelAt(slot: number, at: Instant): number {
    const held = this.#held.get(slot);
    if (held === undefined) return 0;
    if (held.hold === null) return held.level;
    const gone = between(later(held.since, held.hold), at);
    const share = this.#place.stepped.has(slot) ? 1 : progress("linear", gone, this.#settings.fade);
    // A fade that takes no time is over when it begins, and it begins when the hold is over.
    if (gone < 0) return held.level;
    const whole = this.#place.wholes.get(slot);
    if (whole === undefined || !whole.every((each) => this.#held.get(each)?.since === held.since))
      return faded(held.level, this.#endOf(slot), share);
    const from = wholeOf(whole, (each) => this.#held.get(each)?.level ?? 0);
    const to = wholeOf(whole, (each) => this.#endOf(each));
    return byteOf(faded(from, to, share), whole, slot);
  }

  /** Where it fades to: a head that nobody leads looks ahead, and its shutter stays open for the scene. */
  #endOf(slot: number): number {
    return this.#settings.scene.get(slot) ?? this.#place.rest.get(slot) ?? 0;
  }

  /** The slots that may show something else than before; each is named once more when it has arrived. */
  moving(at: Instant): readonly number[] {
    const moving: number[] = [];
    for (const [slot, held] of this.#held) {
      const begins = beginningOf(held);
      if (begins === undefined || between(begins, at) < 0) continue;
      held.hasArrived = between(later(begins, this.#settings.fade), at) >= 0;
      moving.push(slot);
    }
    return moving;
  }

  /** When the next slot begins to move; `at` itself while one moves; `undefined`: none will. */
  wakeAt(at: Instant): Instant | undefined {
    let wake: Instant | undefined;
    for (const held of this.#held.values()) {
      const begins = beginningOf(held);
      if (begins === undefined) continue;
      if (between(begins, at) >= 0) return at;
      wake = earliest(wake, begins);
    }
    return wake;
  }
}

/** When it leaves the last level; `undefined`: never, or it has gone all the way. */
function beginningOf({ hold, since, hasArrived }: Held): Instant | undefined {
  return hold === null || hasArrived ? undefined : later(since, hold);
}
