/**
 * When a node says anew what its instances declare. A birth has all of them, stays with the broker and goes up a Pi's
 * line whole: what a module declares again and again must not become a flood of it.
 */
import { between, type Instant, later, millis, seconds } from "@interactor/shared/kernel/units";
import { instancesMax } from "@interactor/shared/wire/limits";

/** As many births at once as instances can start together, and then one in so long. More: later, with all that came. */
const burst = instancesMax;
const interval = seconds(1);

export class BirthPace {
  #isDue = false;
  #hasWaited = false;
  /** Had every birth waited for the one before it, the next could be said then. */
  #nextAt: Instant | undefined;

  /** What the node declares is another. */
  changed(): void {
    this.#isDue = true;
  }

  /** When to say it; `undefined`: there is nothing to say. */
  dueAt(at: Instant): Instant | undefined {
    if (!this.#isDue) return undefined;
    const openAt = later(this.#nextAt ?? at, millis(-burst * interval));
    if (openAt <= at) return at;
    this.#hasWaited = true;
    return openAt;
  }

  isDue(at: Instant): boolean {
    const due = this.dueAt(at);
    return due !== undefined && between(at, due) <= 0;
  }

  /**
   * It was said, for whatever reason. Returns whether it had to wait: the hub has refused meanwhile what new outputs gave.
   */
  said(at: Instant): boolean {
    const hasWaited = this.#hasWaited;
    this.#isDue = false;
    this.#hasWaited = false;
    const next = this.#nextAt ?? at;
    this.#nextAt = later(next > at ? next : at, interval);
    return hasWaited;
  }
}
