/**
 * What is true of the show stop, by what people asked and what they were told: neither the hub nor a node is asked. A
 * latch that was told of holds until a release; only an end of the hub before its disk has it makes that doubtful.
 */
import type { KeptStop } from "../../hub/src/core/stop/stop-book.ts";
import type { StopLatch } from "@interactor/shared/wire/messages/stop";
import { allowances } from "./allowances.ts";

interface Latch {
  readonly zone: string;
  readonly id: string;
  /** Everybody was told that it holds, and not yet that it does not. */
  isHeld: boolean;
  /** The hub's disk has it. */
  isKept: boolean;
  /** Somebody asked for a release since. */
  isReleaseAsked: boolean;
  /** Everybody was told of the release. */
  isReleased: boolean;
  isReleaseKept: boolean;
  /** A hub that ended before its disk had it: those who heard of it may hold it, each alone. */
  isLost: boolean;
  /** It has to be told of: the hub that was asked knows the zone. */
  isDue: boolean;
}

const keyOf = (zone: string, id: string): string => `${zone}/${id}`;

export class StopTruth {
  readonly #violated: (words: string) => void;
  readonly #latches = new Map<string, Latch>();
  /** Presses without an id that no latch has come of so far, by zone. */
  readonly #nameless = new Map<string, number>();
  /** Zones that this life of the hub has told of. */
  readonly #zonesTold = new Set(["all"]);

  constructor(violated: (words: string) => void) {
    this.#violated = violated;
  }

  /** Somebody presses stop, and the hub hears it. */
  pressed(zone: string, id: string | undefined): void {
    if (id === undefined) this.#nameless.set(zone, (this.#nameless.get(zone) ?? 0) + 1);
    else this.#latch(zone, id).isDue = this.#zonesTold.has(zone);
  }

  released(zone: string): void {
    for (const latch of this.#of(zone)) {
      latch.isReleaseAsked = true;
      latch.isDue = false;
    }
  }

  /** What the hub says to everybody. */
  told(zone: string, { latches = [], released = [] }: StopLatch): void {
    this.#zonesTold.add(zone);
    const ids = new Set(latches.map(({ id }) => id));
    for (const id of ids) this.#toldHeld(zone, id);
    for (const latch of this.#of(zone)) {
      if (latch.isHeld && !ids.has(latch.id)) this.#toldGone(latch);
      if (!latch.isLost || !released.includes(latch.id)) continue;
      latch.isLost = false;
      latch.isReleased = true;
    }
  }

  /** The hub's disk has this. */
  kept(content: KeptStop | undefined): void {
    for (const latch of this.#latches.values()) {
      const isThere = isIn(content, latch);
      if (isThere) latch.isKept = true;
      if (isThere && latch.isReleaseKept)
        this.#violated(`${nameOf(latch)} is on the hub's disk after its release`);
      if (isThere || !latch.isKept) continue;
      if (latch.isReleaseAsked) latch.isReleaseKept = true;
      else this.#violated(`${nameOf(latch)} was on the hub's disk, and is not, without a release`);
    }
  }

  /** The hub is no more, and this lies on its disk. */
  hubEnded(content: KeptStop | undefined): void {
    this.#zonesTold.clear();
    this.#zonesTold.add("all");
    for (const latch of this.#latches.values()) {
      latch.isDue = false;
      if (latch.isReleaseKept) continue;
      // The release came too late for its disk, or the press did.
      const isThere = isIn(content, latch);
      const wasTold = latch.isHeld || latch.isReleased;
      latch.isReleaseAsked = false;
      latch.isReleased = false;
      latch.isHeld = isThere;
      latch.isLost ||= !isThere && wasTold && allowances.stoppedAloneAfterHubEnded;
    }
  }

  /** What is wrong with what the hub holds, of the latches that hold by its word. */
  wrongAtHub(held: readonly { readonly zone: string; readonly id: string }[]): readonly string[] {
    const keys = new Set(held.map(({ zone, id }) => keyOf(zone, id)));
    return [...this.#latches].flatMap(([key, latch]) => {
      if (keys.has(key))
        return latch.isReleased ? [`the hub holds ${nameOf(latch)}, which was released`] : [];
      const mustHold = latch.isHeld && !latch.isReleaseAsked;
      return mustHold ? [`the hub does not hold ${nameOf(latch)}`] : [];
    });
  }

  /** The same of a node in these zones; what the node reports. */
  wrongAt(
    zones: readonly string[],
    held: readonly { readonly zone: string; readonly id: string }[],
  ): readonly string[] {
    const keys = new Set(held.map(({ zone, id }) => keyOf(zone, id)));
    const mine = [...this.#latches].filter(([, { zone }]) => zone === "all" || zones.includes(zone));
    const missing = mine.filter(([key, { isHeld }]) => isHeld && !keys.has(key));
    const known = new Map(mine);
    const more = [...keys].filter((key) => {
      const latch = known.get(key);
      return latch === undefined || !(latch.isHeld || latch.isLost);
    });
    return [
      ...missing.map(([key]) => `it does not hold the stop ${key}`),
      ...more.map((key) => `it holds the stop ${key}, which does not hold`),
    ];
  }

  /** What was asked and never told of, although its hub goes on. */
  get untold(): readonly string[] {
    return [...this.#latches.values()].flatMap((latch) => {
      if (latch.isDue && !latch.isHeld) return [`${nameOf(latch)} was pressed, and nobody was told`];
      return latch.isHeld && latch.isReleaseAsked ? [`${nameOf(latch)} was released, and holds`] : [];
    });
  }

  #toldHeld(zone: string, id: string): void {
    const known = this.#latches.get(keyOf(zone, id));
    const nameless = this.#nameless.get(zone) ?? 0;
    if (known === undefined && nameless === 0) this.#violated(`${keyOf(zone, id)} was never pressed`);
    if (known === undefined) this.#nameless.set(zone, nameless - 1);
    const latch = known ?? this.#latch(zone, id);
    if (latch.isReleased) this.#violated(`${nameOf(latch)} came back after its release`);
    latch.isHeld = true;
    latch.isLost = false;
    latch.isDue = false;
  }

  #toldGone(latch: Latch): void {
    if (!latch.isReleaseAsked) this.#violated(`${nameOf(latch)} was let go without a release`);
    latch.isHeld = false;
    latch.isReleased = true;
  }

  #of(zone: string): readonly Latch[] {
    return [...this.#latches.values()].filter((latch) => latch.zone === zone);
  }

  #latch(zone: string, id: string): Latch {
    const latch: Latch = {
      zone,
      id,
      isHeld: false,
      isKept: false,
      isReleaseAsked: false,
      isReleased: false,
      isReleaseKept: false,
      isLost: false,
      isDue: false,
    };
    this.#latches.set(keyOf(zone, id), latch);
    return latch;
  }
}

const nameOf = ({ zone, id }: Latch): string => `the stop ${keyOf(zone, id)}`;

const isIn = (content: KeptStop | undefined, { zone, id }: Latch): boolean =>
  content?.zones[zone]?.latches.some((latch) => latch.id === id) === true;
