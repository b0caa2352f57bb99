/**
 * `deadband`: a number passes when it is at least so far from the one that passed last; the first one passes. `null`
 * passes once, and the number behind it is a first one again.
 */
import type { Instant } from "../../kernel/units.ts";
import type { Sample } from "../sample.ts";
import { type Give, isNumber, notANumber, type Stage } from "./stage.ts";

export class Deadband implements Stage {
  readonly due = undefined;
  readonly #by: number;
  #passed: number | null | undefined;

  constructor(by: number) {
    this.#by = by;
  }

  take(sample: Sample, at: Instant, give: Give): string | undefined {
    const { value } = sample;
    if (value !== null && !isNumber(value)) return notANumber("deadband", value);
    if (!this.#isFar(value)) return undefined;
    this.#passed = value;
    give(sample, at);
    return undefined;
  }

  wake(): void {}

  #isFar(value: number | null): boolean {
    const passed = this.#passed;
    if (typeof value !== "number" || typeof passed !== "number") return value !== passed;
    return Math.abs(value - passed) >= this.#by;
  }
}
