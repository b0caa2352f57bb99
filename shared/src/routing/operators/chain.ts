/** The steps of a route one after the other, with the time of each. */
import { earliest, type Instant } from "../../kernel/units.ts";
import type { Sample } from "../sample.ts";
import type { Give, Stage } from "./stage.ts";

export interface ChainSink {
  readonly give: Give;
  /** Step `step`, counted from 0, could not do its work with a value. */
  readonly failed: (step: number, words: string) => void;
}

export class Chain {
  readonly #stages: readonly Stage[];
  readonly #gives: readonly Give[];
  readonly #sink: ChainSink;

  constructor(stages: readonly Stage[], sink: ChainSink) {
    this.#stages = stages;
    this.#sink = sink;
    this.#gives = stages.map((_, step): Give =>
      step === stages.length - 1 ? sink.give : (sample, at) => this.#give(step + 1, sample, at),
    );
  }

  get due(): Instant | undefined {
    let due: Instant | undefined;
    for (const stage of this.#stages) due = earliest(due, stage.due);
    return due;
  }

  /** Takes a value. What was due before, or at the same time, comes first. */
  take(sample: Sample, at: Instant): void {
    this.wake(at);
    this.#give(0, sample, at);
  }

  /**
   * Does all that is due by now, each at its own instant. Of steps that are due together the last goes first: what it
   * has came before what the others will give it.
   */
  wake(now: Instant): void {
    for (let due = this.due; due !== undefined && due <= now; due = this.due) {
      const at = due;
      const step = this.#stages.findLastIndex((stage) => stage.due === at);
      this.#stages[step]?.wake(at, this.#gives[step] ?? this.#sink.give);
    }
  }

  #give(step: number, sample: Sample, at: Instant): void {
    const words = this.#stages[step]?.take(sample, at, this.#gives[step] ?? this.#sink.give);
    if (words !== undefined) this.#sink.failed(step, words);
  }
}
