/**
 * The levels of one universe and who drives each slot. A raw channel that has an owner beats the dimmers on
 * its slot; without one the highest dimmer wins (HTP); a slot that nobody drives is dark. So a slot whose
 * driver lets go always shows the next one, at once.
 */

/** Slots of a universe, ANSI E1.11. We always send all of them: a short frame makes some dimmers flicker. */
export const slotCount = 512;
/** The most a slot can hold. */
export const levelMax = 255;
/** Slot n is the raw input `ch<n>`. */
export const channelInput = "ch";

export interface Dimmer {
  /** 1–512, as people count. */
  readonly channel: number;
}

interface Driver {
  /** 0–511. */
  readonly slot: number;
  readonly kind: "channel" | "dimmer";
  /** 0–255; `undefined`: nobody owns the input. */
  level: number | undefined;
}

export class Universe {
  /** What the slots hold now, slot 1 first. Always the same array. */
  readonly levels = new Uint8Array(slotCount);
  readonly #byInput = new Map<string, Driver>();
  readonly #dimmersBySlot = new Map<number, Driver[]>();
  readonly #channels: readonly Driver[];

  constructor(dimmers: Readonly<Record<string, Dimmer>>) {
    this.#channels = Array.from({ length: slotCount }, (_, slot) => ({
      slot,
      kind: "channel",
      level: undefined,
    }));
    for (const channel of this.#channels) this.#byInput.set(`${channelInput}${channel.slot + 1}`, channel);
    for (const [name, dimmer] of Object.entries(dimmers)) {
      const driver: Driver = { slot: dimmer.channel - 1, kind: "dimmer", level: undefined };
      this.#byInput.set(name, driver);
      const others = this.#dimmersBySlot.get(driver.slot);
      if (others === undefined) this.#dimmersBySlot.set(driver.slot, [driver]);
      else others.push(driver);
    }
  }

  /**
   * Sets an input: a raw channel 0–255, a dimmer 0–1; `undefined` releases it. Returns whether the slot now
   * holds something else than before.
   */
  set(input: string, value: number | undefined): boolean {
    const driver = this.#byInput.get(input);
    if (driver === undefined) return false;
    driver.level = value === undefined ? undefined : levelOf(value, driver.kind);
    const level = this.#levelAt(driver.slot);
    if (this.levels[driver.slot] === level) return false;
    this.levels[driver.slot] = level;
    return true;
  }

  #levelAt(slot: number): number {
    const raw = this.#channels[slot]?.level;
    if (raw !== undefined) return raw;
    let highest = 0;
    for (const dimmer of this.#dimmersBySlot.get(slot) ?? []) highest = Math.max(highest, dimmer.level ?? 0);
    return highest;
  }
}

/** Held inside a byte: what a Uint8Array does with 256 is turn a lamp off. */
function levelOf(value: number, kind: Driver["kind"]): number {
  const level = Math.round(kind === "dimmer" ? value * levelMax : value);
  return Math.min(Math.max(level, 0), levelMax);
}
