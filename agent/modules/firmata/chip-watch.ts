/**
 * Whether a chip on a board's bus answers, and measures. One whose plug was pulled gives its last values for ever, and
 * one that had no power for a moment sleeps and gives zeros, until it is woken. The board goes on meanwhile: what else
 * hangs on it must not be restarted for a chip. Pure: who looks every `chipLookEvery`, and the bus, are the caller's.
 */
import { chipAnswersMin, chipMissesMax } from "./limits.ts";

/** How our firmware says that a device on the bus gave nothing. */
const noAnswer = "I2C: no answer";
/** How StandardFirmata says that, which gives an answer nonetheless: what it was given last. */
const hollowAnswer = "I2C: Too few bytes received";

interface Chip {
  /** Sets it up, without harm to one that is. */
  wake(): void;
  /** It gives nothing that can be believed; said again with each look. */
  lost(): void;
  /** It measures again. */
  back(): void;
}

export class ChipWatch {
  readonly #chip: Chip;
  #isLost = false;
  /** Since the last look. */
  #isHeard = false;
  #hasAnswered = false;
  /** The next answer is the last one again. */
  #isHollow = false;
  #misses = 0;
  /** Since it was woken, or missed. */
  #answers = 0;

  constructor(chip: Chip) {
    this.#chip = chip;
  }

  /** What it gave last is true. */
  get isWell(): boolean {
    return this.#hasAnswered && !this.#isLost;
  }

  answered(bytes: readonly number[]): void {
    this.#isHeard = true;
    if (this.#isHollow) return void (this.#isHollow = false);
    // No chip that measures stands still, weighs nothing and has exactly 36.53 °C.
    if (bytes.every((byte) => byte === 0)) return this.missed();
    this.#hasAnswered = true;
    this.#misses = 0;
    this.#answers += 1;
    if (!this.#isLost || this.#answers < chipAnswersMin) return;
    this.#isLost = false;
    this.#chip.back();
  }

  /** The board says something, perhaps that the chip did not answer. */
  said(text: string): void {
    const isHollow = text.startsWith(hollowAnswer);
    if (!isHollow && !text.startsWith(noAnswer)) return;
    this.#isHollow = isHollow;
    this.missed();
  }

  missed(): void {
    this.#isHeard = true;
    this.#answers = 0;
    this.#misses += 1;
    if (this.#isLost || this.#misses < chipMissesMax) return;
    this.#isLost = true;
    this.#chip.lost();
  }

  look(): void {
    if (!this.#isHeard) this.missed();
    this.#isHeard = false;
    if (!this.#isLost) return;
    this.#chip.lost();
    this.#answers = 0;
    this.#chip.wake();
  }
}
