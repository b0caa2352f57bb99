/** What a guest was asked and has not answered yet. Each question has an end, also when it never answers. */
import type { Clock } from "@interactor/shared/kernel/clock";
import type { Millis } from "@interactor/shared/kernel/units";
import type { Verdict } from "./ports/module-host.ts";

export class OpenQuestions {
  readonly #clock: Clock;
  readonly #open = new Map<number, (verdict: Verdict) => void>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#open.size;
  }

  /** `post` sends it, under its number. */
  ask(timeout: Millis, post: (question: number) => void): Promise<Verdict> {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.#last += 1;
    const question = this.#last;
    const cancel = this.#clock.after(timeout, () =>
      this.answer(question, `it did not answer in ${timeout / 1000} s`),
    );
    this.#open.set(question, (verdict) => {
      cancel();
      resolve(verdict);
    });
    post(question);
    return promise;
  }

  answer(question: number, verdict: Verdict): void {
    const answer = this.#open.get(question);
    this.#open.delete(question);
    answer?.(verdict);
  }

  answerAll(verdict: Verdict): void {
    for (const question of this.#open.keys()) this.answer(question, verdict);
  }
}
