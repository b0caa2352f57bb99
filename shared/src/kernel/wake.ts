import { type Clock, whenDue } from "./clock.ts";
import type { Instant } from "./units.ts";

/** When a loop moves what became movable: once per turn of the event loop, and when the next of it is due. */
export class Wake {
  readonly #clock: Clock;
  readonly #atEndOfTurn: (task: () => void) => void;
  readonly #move: (at: Instant) => Instant | undefined;
  #isSoon = false;
  #due: Instant | undefined;
  #cancel: (() => void) | undefined;

  /**
   * `atEndOfTurn`: `queueMicrotask`. `move` returns when there will be more to move; `undefined`: not before something
   * has happened.
   */
  constructor(
    clock: Clock,
    atEndOfTurn: (task: () => void) => void,
    move: (at: Instant) => Instant | undefined,
  ) {
    this.#clock = clock;
    this.#atEndOfTurn = atEndOfTurn;
    this.#move = move;
  }

  /** Something has happened. */
  soon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#atEndOfTurn(() => {
      this.#isSoon = false;
      this.now();
    });
  }

  now(): void {
    const due = this.#move(this.#clock.now());
    if (due === this.#due) return;
    this.#cancel?.();
    this.#due = due;
    this.#cancel =
      due === undefined
        ? undefined
        : whenDue(this.#clock, due, () => {
            this.#due = undefined;
            this.now();
          });
  }

  /** It moves no more by itself. */
  end(): void {
    this.#cancel?.();
  }
}
