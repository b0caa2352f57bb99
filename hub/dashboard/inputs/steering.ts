/**
 * A hand on a control: what of its movement is sent, and what the control shows meanwhile. The input may be moved
 * by a route at the same time; a control must neither jump under the hand nor lie after it has gone.
 */
import { sendInterval, settleTime } from "../live/limits.ts";

export class Steering<Value> {
  #draft: { readonly value: Value; readonly at: number } | undefined;
  #isHeld = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #isWaiting = false;

  /** The hand takes hold of it. */
  take(): void {
    this.#isHeld = true;
  }

  /** The hand lets go. What it set is still shown until its echo had time to come. */
  leave(at: number): void {
    this.#isHeld = false;
    if (this.#draft !== undefined) this.#draft = { ...this.#draft, at };
  }

  /** The control was moved. Returns when to send: now, or after so many ms by `flush`. */
  move(value: Value, at: number): number {
    this.#draft = { value, at };
    this.#isWaiting = true;
    return Math.max(this.#sentAt + sendInterval - at, 0);
  }

  /** What is to be sent now. */
  flush(at: number): { readonly value: Value } | undefined {
    if (!this.#isWaiting || this.#draft === undefined || at < this.#sentAt + sendInterval) return undefined;
    this.#isWaiting = false;
    this.#sentAt = at;
    return { value: this.#draft.value };
  }

  /** Forgets what the hand did: the control follows the input at once. */
  release(): void {
    this.#draft = undefined;
    this.#isWaiting = false;
  }

  /** What the control shows while the input holds `live`. */
  shown(live: Value | undefined, at: number): Value | undefined {
    const draft = this.#draft;
    if (draft === undefined) return live;
    return this.#isHeld || this.#isWaiting || at - draft.at < settleTime ? draft.value : live;
  }
}
