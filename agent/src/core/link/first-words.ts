/**
 * Whom an agent waits for before it speaks to its hub for the first time. What the hub has for an instance that has not
 * said what it takes would be refused; so would what it had kept for a node that restarts.
 */
import { seconds } from "@interactor/shared/kernel/units";

/**
 * A module that says nothing for longer does not keep its node away: the hub is connected without it. A Pi takes seconds to
 * start the processes of its modules; one that fails to start is not waited for.
 */
export const firstWordsMax = seconds(5);

export class FirstWords {
  readonly #waiting: Set<string>;
  readonly #then: () => void;

  /** `then` is called once: when the last of `instances` was heard, or nobody is waited for any longer. */
  constructor(instances: readonly { readonly name: string }[], then: () => void) {
    this.#waiting = new Set(instances.map(({ name }) => name));
    this.#then = then;
  }

  get isOver(): boolean {
    return this.#waiting.size === 0;
  }

  /** The instance has said what it takes and gives, or that it cannot start. */
  heard(instance: string): void {
    if (this.#waiting.delete(instance) && this.isOver) this.#then();
  }

  end(): void {
    if (this.isOver) return;
    this.#waiting.clear();
    this.#then();
  }
}
