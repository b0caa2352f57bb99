/**
 * The inputs of an instance, as three sources. A raw channel that somebody owns beats what its priority lets it beat,
 * the dimmers on its slot among it; of several dimmers the highest shows. What a show stop holds stands above all and
 * is dimmed by nothing, so that a working light goes to full whatever the grand master says.
 */
import type { Applied, Instant } from "@interactor/shared/sdk/define-module";
import type { Merge } from "./merge.ts";
import { channelInput, levelMax, levelOf, slotCount } from "./slots.ts";
import { priorities, Source } from "./source.ts";

export interface Dimmer {
  /** 1–512, as people count. */
  readonly channel: number;
}

type Owner = Applied["owner"];

interface Driver {
  /** 0–511. */
  readonly slot: number;
  readonly kind: "channel" | "dimmer" | "placed";
  /** `undefined`: nobody owns the input. */
  held: { readonly level: number; readonly owner: Owner } | undefined;
}

export interface InputPriorities {
  readonly channels: number;
  readonly dimmers: number;
}

/** The n-th slot of an input that has several. No name of an input has a slash. */
export const placedSlot = (input: string, index: number): string => `${input}/${index}`;

export class Inputs {
  readonly stop = new Source("stop");
  readonly channels = new Source("channels");
  readonly dimmers = new Source("dimmers");
  readonly #merge: Merge;
  readonly #priorities: InputPriorities;
  readonly #byInput = new Map<string, Driver>();
  readonly #bySlot: Driver[][] = Array.from({ length: slotCount }, () => []);

  /** `placed`: slots, 1–512, of inputs that have several; each is set by `placedSlot`, and stands with the dimmers. */
  constructor(
    merge: Merge,
    dimmers: Readonly<Record<string, Dimmer>>,
    given: InputPriorities,
    placed: Readonly<Record<string, readonly number[]>> = {},
  ) {
    this.#merge = merge;
    this.#priorities = given;
    for (const source of [this.stop, this.channels, this.dimmers]) merge.add(source);
    for (let slot = 0; slot < slotCount; slot += 1) this.#add(`${channelInput}${slot + 1}`, slot, "channel");
    for (const [name, { channel }] of Object.entries(dimmers)) this.#add(name, channel - 1, "dimmer");
    for (const [name, slots] of Object.entries(placed))
      for (const [index, slot] of slots.entries()) this.#add(placedSlot(name, index), slot - 1, "placed");
  }

  /**
   * Sets an input: a raw channel 0–255, a dimmer 0–1; `undefined` releases it. Returns its slot, if there is such an
   * input.
   */
  set(input: string, applied: { value: number; owner: Owner } | undefined, at: Instant): number | undefined {
    const driver = this.#byInput.get(input);
    if (driver === undefined) return undefined;
    const scale = driver.kind === "dimmer" ? levelMax : 1;
    driver.held = applied && { level: levelOf(applied.value * scale), owner: applied.owner };
    this.#settle(driver.slot, at);
    return driver.slot;
  }

  #add(input: string, slot: number, kind: Driver["kind"]): void {
    const driver: Driver = { slot, kind, held: undefined };
    this.#byInput.set(input, driver);
    this.#bySlot[slot]?.push(driver);
  }

  #settle(slot: number, at: Instant): void {
    const highest: Record<"stop" | "channel" | "dimmer", number | undefined> = {
      stop: undefined,
      channel: undefined,
      dimmer: undefined,
    };
    for (const { kind, held } of this.#bySlot[slot] ?? []) {
      if (held === undefined) continue;
      const as = held.owner === "stop" ? "stop" : kind === "placed" ? "dimmer" : kind;
      highest[as] = Math.max(highest[as] ?? 0, held.level);
    }
    this.#drive(this.stop, slot, highest.stop, priorities.stop, at);
    this.#drive(this.channels, slot, highest.channel, this.#priorities.channels, at);
    this.#drive(this.dimmers, slot, highest.dimmer, this.#priorities.dimmers, at);
  }

  #drive(source: Source, slot: number, level: number | undefined, priority: number, at: Instant): void {
    if (level === undefined) this.#merge.release(source, slot);
    else this.#merge.drive(source, slot, { level, priority }, at);
  }
}
