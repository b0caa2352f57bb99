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
  /** Which instances the plan has is not known before it was read. */
  #isPlanAwaited = true;
  #isOver = false;

  /** `then` is called once: when the last instance was heard, or nobody is waited for any longer. */
  constructor(instances: readonly { readonly name: string }[], then: () => void) {
    this.#waiting = new Set(instances.map(({ name }) => name));
    this.#then = then;
  }

  /** Instances of the plan that begins; what comes later waits for nobody. */
  planned(instances: readonly string[]): void {
    if (this.#isOver || !this.#isPlanAwaited) return;
    this.#isPlanAwaited = false;
    for (const name of instances) this.#waiting.add(name);
    this.#endWhenHeard();
  }

  /** The instance has said what it takes and gives, or that it cannot start. */
  heard(instance: string): void {
    if (this.#waiting.delete(instance)) this.#endWhenHeard();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#then();
  }

  #endWhenHeard(): void {
    if (this.#waiting.size === 0 && !this.#isPlanAwaited) this.end();
  }
}
