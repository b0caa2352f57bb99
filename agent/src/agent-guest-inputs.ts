/**
 * What inputs hold, on its way to a guest: all that changes in a turn goes in one message, because two inputs that one
 * reading moves would else be seen in two frames. For a guest that is silent the latest of each input is held instead: what
 * it does not take would gather in its inbox without a bound.
 */
import type { InputChange } from "@interactor/shared/sdk/guest-messages";

export class GuestInputs {
  readonly #post: (changes: readonly InputChange[]) => void;
  #changes: InputChange[] = [];
  /** The latest change of each input while the guest is silent: at most one for each input there is. */
  readonly #held = new Map<string, InputChange>();

  constructor(post: (changes: readonly InputChange[]) => void) {
    this.#post = post;
  }

  changed(change: InputChange): void {
    if (this.#changes.push(change) === 1) queueMicrotask(() => this.flush());
  }

  hold(change: InputChange): void {
    const address = `${change[0]}/${change[1]}`;
    // What changed last is posted last.
    this.#held.delete(address);
    this.#held.set(address, change);
  }

  flush(): void {
    if (this.#changes.length === 0) return;
    const changes = this.#changes;
    this.#changes = [];
    this.#post(changes);
  }

  /** The guest answers: it gets what was held for it. */
  release(): void {
    this.#changes.push(...this.#held.values());
    this.#held.clear();
    this.flush();
  }

  /** What a run has not been told. */
  takeHeld(run: string): readonly InputChange[] {
    const held = [...this.#held].filter(([, [of]]) => of === run);
    for (const [address] of held) this.#held.delete(address);
    return held.map(([, change]) => change);
  }

  /** The guest is gone: an instance that starts again is told what its inputs hold. */
  clear(): void {
    this.#held.clear();
    this.#changes = [];
  }
}
