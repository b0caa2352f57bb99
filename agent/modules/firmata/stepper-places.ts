/**
 * Where the steppers of an instance stand, over the lives of their board: 0 is where each stood when the instance started.
 * One that was under way when its board was lost stands somewhere between two places, and is not moved any more: nobody
 * knows how far that would be.
 */
export class StepperPlaces {
  readonly #places = new Map<string, number>();
  readonly #moving = new Set<string>();
  readonly #lost = new Set<string>();

  moved(input: string, at: number, isMoving: boolean): void {
    this.#places.set(input, at);
    if (isMoving) this.#moving.add(input);
    else this.#moving.delete(input);
  }

  /** A new life of the board begins: where they stand in it. */
  begin(): Readonly<Record<string, number>> {
    for (const input of this.#moving) this.#lost.add(input);
    this.#moving.clear();
    return Object.fromEntries(this.#places);
  }

  /** Those of which nobody knows where they stand. */
  get lost(): ReadonlySet<string> {
    return this.#lost;
  }
}
