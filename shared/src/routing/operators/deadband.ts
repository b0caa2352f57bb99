/** `deadband`: a number passes when it is at least so far from the one that passed last; the first one passes. */
import type { Instant } from "../../kernel/units.ts";
import type { Sample } from "../sample.ts";
import { type Give, notANumber, type Stage } from "./stage.ts";

export class Deadband implements Stage {
  readonly due = undefined;
  readonly #by: number;
  #passed: number | undefined;

  constructor(by: number) {
    this.#by = by;
  }

  take(sample: Sample, at: Instant, give: Give): string | undefined {
    const { value } = sample;
    if (typeof value !== "number" || !Number.isFinite(value)) return notANumber("deadband", value);
    if (this.#passed !== undefined && Math.abs(value - this.#passed) < this.#by) return undefined;
    this.#passed = value;
    give(sample, at);
    return undefined;
  }

  wake(): void {}
}
