/** How soon nodes answered the presses of this life. Of others nobody knows when they were sent. */
import { between, type Instant } from "@interactor/shared/kernel/units";

export class StopAnswers {
  /** When a latch was pressed, by its id. */
  readonly #pressedAt = new Map<string, Instant>();
  /** In ms, by node and id. */
  readonly #answers = new Map<string, Map<string, number>>();

  pressed(id: string, at: Instant): void {
    this.#pressedAt.set(id, at);
  }

  /** Forgets what holds no more. */
  keepOnly(held: ReadonlySet<string>): void {
    for (const id of this.#pressedAt.keys()) if (!held.has(id)) this.#pressedAt.delete(id);
  }

  /** A node says which latches hold it. */
  heard(node: string, ids: readonly string[], at: Instant): void {
    const before = this.#answers.get(node);
    const answers = new Map<string, number>();
    for (const id of ids) {
      const pressedAt = this.#pressedAt.get(id);
      const answer = before?.get(id) ?? (pressedAt === undefined ? undefined : between(pressedAt, at));
      if (answer !== undefined) answers.set(id, answer);
    }
    if (answers.size > 0) this.#answers.set(node, answers);
    else this.#answers.delete(node);
  }

  forget(node: string): void {
    this.#answers.delete(node);
  }

  of(node: string, id: string): number | undefined {
    return this.#answers.get(node)?.get(id);
  }
}
