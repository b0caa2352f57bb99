/**
 * How long the hub may say nothing before the connection is given up. The package's own keepalive waits a second for
 * the answer to a ping, which on a slow line stands in the queue behind all that was sent before: a line of 64 kbit/s
 * was given up every few seconds, and what it had carried so far was sent again. Pure: time comes in, in ms.
 */
import { keepaliveSeconds } from "@interactor/shared/wire/limits";

/** As the hub has it for us: one and a half times the keepalive. */
const silenceMax = 1500 * keepaliveSeconds;
/** A ping leaves when so long nothing came: then there is as much time again for its answer. */
const pingAfter = silenceMax / 2;
/** The slowest line that we mean to work over, 64 kbit/s, in bytes a ms. What is on its way takes its time. */
const slowestBytes = 8;
/** For what is on its way no more than this, however much it is: then a line that is cut is noticed within 10 s. */
const grantedMax = 7000;

export class Silence {
  #heardAt: number;
  #sentAt: number;
  #isPinged = false;
  #onTheWay = 0;

  constructor(at: number) {
    this.#heardAt = at;
    this.#sentAt = at;
  }

  heard(at: number): void {
    this.#heardAt = at;
    this.#isPinged = false;
  }

  /** Something left, and of that so many bytes that the hub has to confirm. */
  sent(bytes: number, at: number): void {
    this.#sentAt = at;
    this.#onTheWay += bytes;
  }

  confirmed(bytes: number): void {
    this.#onTheWay -= bytes;
  }

  /** Whether a ping is to be sent, which then is taken for sent. One waits for its answer at a time. */
  takePing(at: number): boolean {
    const isDue = at - Math.min(this.#heardAt, this.#sentAt) >= pingAfter;
    if (this.#isPinged || !isDue) return false;
    this.#isPinged = true;
    this.#sentAt = at;
    return true;
  }

  isTooLong(at: number): boolean {
    return at - this.#heardAt > silenceMax + Math.min(this.#onTheWay / slowestBytes, grantedMax);
  }
}
