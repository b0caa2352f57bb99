/**
 * How many bytes may be on their way at once. Everything on a line waits behind them, so they are few; they become more
 * only while that costs nobody time: as long as a round trip stays about as short as the shortest one was.
 */
import { type Millis, millis } from "@interactor/shared/kernel/units";
import { pieceBytes } from "@interactor/shared/wire/limits";

/** Two pieces: while one is on its way, the other one's question is. Measured on 250 kB/s: 30 ms for what is urgent. */
export const paceBytesMin = 8 * 1024;
/** A round trip of 50 ms at 1.2 MB/s. More would fill the buffers of the line. */
export const paceBytesMax = 64 * 1024;
/** What a round trip may take beyond the shortest: the noise of a machine that does other things too. */
const slack = millis(20);
/** What the shortest round trip may be mistaken by, as a factor. */
const flatness = 1.25;
/** A question is asked again at the earliest after this, at the latest after that. */
const patienceMin = millis(1000);
const patienceMax = millis(8000);
/** Of a new round trip in the mean: an eighth, as TCP has it (RFC 6298). */
const gain = 1 / 8;

export class Pace {
  /** Bytes that may be on their way. */
  window = paceBytesMin;
  #shortest = Number.POSITIVE_INFINITY;
  #mean: number | undefined;
  /** Answered since the window was last changed: it grows once a window, and shrinks once a window. */
  #since = 0;
  #again = 1;

  /** When a question counts as lost. */
  get patience(): Millis {
    const expected = Math.max(patienceMin, (this.#mean ?? 0) * 4) * this.#again;
    return millis(Math.min(expected, patienceMax));
  }

  answered(roundTrip: Millis, bytes: number): void {
    this.#again = 1;
    this.#shortest = Math.min(this.#shortest, roundTrip);
    this.#mean = this.#mean === undefined ? roundTrip : this.#mean + (roundTrip - this.#mean) * gain;
    this.#since += bytes;
    if (this.#since < this.window) return;
    this.#since = 0;
    const isFlat = roundTrip <= this.#shortest * flatness + slack;
    this.window = isFlat
      ? Math.min(this.window + pieceBytes, paceBytesMax)
      : Math.max(Math.floor(this.window / 2 / pieceBytes) * pieceBytes, paceBytesMin);
  }

  /** Nothing came back in time: the line is full, or gone. */
  lost(): void {
    this.window = paceBytesMin;
    this.#since = 0;
    this.#again = Math.min(this.#again * 2, patienceMax / patienceMin);
  }
}
