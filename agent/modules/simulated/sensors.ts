/** What three sensors report of a visitor, with the faults real ones have. Pure, like the visitor. */
import type { Random } from "@interactor/shared/sdk/define-module";
import type { Settings } from "./settings.ts";
import { advance, emptyRoom, isMoving, isPressing, placeOf, type Visitor } from "./visitor.ts";

export interface Distance {
  /** In metres, whole millimetres, within nearest … farthest. */
  readonly metres: number;
  /** The sensor failed: `metres` is the last distance it took. */
  readonly isDropout: boolean;
}

export class Sensors {
  readonly #settings: Settings;
  readonly #random: Random;
  #visitor: Visitor;
  #holdLeft = 0;
  #metres: number;
  #visitors = 0;

  constructor(settings: Settings, random: Random) {
    this.#settings = settings;
    this.#random = random;
    this.#visitor = emptyRoom(random);
    this.#metres = settings.farthest;
  }

  get visitor(): Visitor {
    return this.#visitor;
  }

  /** Lets `seconds` pass, at most 0.05: a press is shorter than a blink and shall not be stepped over. */
  advance(seconds: number): void {
    const wasThere = isThere(this.#visitor);
    this.#visitor = advance(this.#visitor, seconds, this.#settings, this.#random);
    if (!wasThere && isThere(this.#visitor)) this.#visitors += 1;
    this.#holdLeft = isMoving(this.#visitor)
      ? this.#settings.motionHold
      : Math.max(0, this.#holdLeft - seconds);
  }

  get motion(): boolean {
    return isMoving(this.#visitor) || this.#holdLeft > 0;
  }

  /** Who has come since it began. */
  get visitors(): number {
    return this.#visitors;
  }

  get button(): boolean {
    return isPressing(this.#visitor);
  }

  /** Takes a distance. */
  measure(): Distance {
    const { nearest, farthest, noise, dropouts } = this.#settings;
    const noisy = placeOf(this.#visitor, this.#settings) + noise * normal(this.#random);
    if (this.#random.next() < dropouts) return { metres: this.#metres, isDropout: true };
    this.#metres = Math.min(Math.max(Math.round(noisy * 1000) / 1000, nearest), farthest);
    return { metres: this.#metres, isDropout: false };
  }
}

const isThere = ({ kind }: Visitor): boolean => kind !== "absent";

/** Normally distributed around 0 with deviation 1, by Box and Muller. */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
