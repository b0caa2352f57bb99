/**
 * What was really sent, with the source of each slot: the levels of the last frame that went out, and not what the
 * engine would like to send. Given after a new look, at a pace that people can follow. Pure.
 */
import { type Instant, later, millis, type Value } from "@interactor/shared/sdk/define-module";
import type { Engine } from "./engine/engine.ts";
import { slotCount } from "./engine/slots.ts";

/** Five a second: faster is not read, and each is a kilobyte on its way to the hub. */
const monitorInterval = millis(200);

/** How the universe is counted by sACN, and by Art-Net, which has no number for the highest. */
export interface UniverseNumbers {
  readonly universe: number;
  readonly portAddress?: number;
}

export class Monitor {
  readonly #numbers: UniverseNumbers;
  readonly #levels = new Uint8Array(slotCount);
  readonly #shown: (string | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  #master: number | undefined;
  #isBlack: boolean | undefined;
  #givenAt: Instant | undefined;
  #hasNews = false;

  constructor(numbers: UniverseNumbers) {
    this.#numbers = numbers;
  }

  /** A frame went out. It may have the look of the last, and still be somebody else's. */
  sent(engine: Engine): void {
    const { master, isBlack, levels } = engine;
    if (master !== this.#master || isBlack !== this.#isBlack) this.#hasNews = true;
    this.#master = master;
    this.#isBlack = isBlack;
    for (let slot = 0; slot < slotCount; slot += 1) {
      const level = levels[slot] ?? 0;
      const source = engine.sourceAt(slot);
      if (level === this.#levels[slot] && source === this.#shown[slot]) continue;
      this.#levels[slot] = level;
      this.#shown[slot] = source;
      this.#hasNews = true;
    }
  }

  /** When there is something to give; `undefined`: nothing changed. */
  dueAt(at: Instant): Instant | undefined {
    if (!this.#hasNews) return undefined;
    return this.#givenAt === undefined ? at : later(this.#givenAt, monitorInterval);
  }

  /** The levels by themselves, and with all that is known of them. */
  take(at: Instant): { readonly universe: Uint8Array; readonly monitor: Value } {
    this.#hasNews = false;
    this.#givenAt = at;
    const sources: string[] = [];
    const shown = Uint8Array.from(this.#shown, (name) => {
      if (name === undefined) return 0;
      const known = sources.indexOf(name);
      return known < 0 ? sources.push(name) : known + 1;
    });
    // `shown` by slot: 0 nobody, else which of `sources`, counted from 1.
    const universe = Uint8Array.from(this.#levels);
    const { master, blackout } = { master: this.#master ?? 1, blackout: this.#isBlack ?? false };
    const look = { levels: universe, shown, sources, master, blackout };
    return { universe, monitor: { ...look, ...this.#numbers } };
  }
}
