/**
 * `hysteresis`: a number becomes true at one threshold and false at another. `on` above `off`: true from `on` upwards,
 * false from `off` downwards; `on` below `off`: the other way round. In between it stays what it is; what begins there
 * is false. Gives the first state, and then each that is another. `null` is one of its own: it passes, and what comes
 * behind it begins.
 */
import type { Instant } from "../../kernel/units.ts";
import type { Sample } from "../sample.ts";
import { type Give, isNumber, notANumber, type Stage } from "./stage.ts";

export interface Thresholds {
  readonly on: number;
  readonly off: number;
}

export class Hysteresis implements Stage {
  readonly due = undefined;
  readonly #thresholds: Thresholds;
  #state: boolean | null | undefined;

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  take(sample: Sample, at: Instant, give: Give): string | undefined {
    const { value } = sample;
    if (value !== null && !isNumber(value)) return notANumber("hysteresis", value);
    const before = this.#state;
    this.#state = value === null ? null : this.#next(value);
    if (this.#state !== before) give({ ...sample, value: this.#state, unit: "" }, at);
    return undefined;
  }

  wake(): void {}

  #next(value: number): boolean {
    const { on, off } = this.#thresholds;
    const isUpwards = on > off;
    if (isUpwards ? value >= on : value <= on) return true;
    if (isUpwards ? value <= off : value >= off) return false;
    return this.#state ?? false;
  }
}
