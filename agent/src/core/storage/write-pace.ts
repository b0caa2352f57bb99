/**
 * When an instance may write again what it keeps. Each write is the whole of it, its draft and its folder forced to the
 * disk, and a Pi's card wears out by that: who changes something all the time has it written less often, and each time
 * with all that changed.
 */
import { type Instant, instant, later, type Millis, millis } from "@interactor/shared/kernel/units";

/** So many writes at once, as when something is brought over from an earlier version; then one in so long. More: later. */
const writesBurst = 10;
const writeInterval = millis(500);
/** Bytes that one instance writes in a day in the long run, and so many at once. 64 instances wear a card for years. More: later. */
const bytesPerDay = 256e6;
const bytesBurst = 32e6;
/** What a write costs the card beside its bytes: the block of its end, and the folder's. */
const bytesBeside = 8192;

const bytesPerMilli = bytesPerDay / (24 * 3600 * 1000);

export class WritePace {
  readonly #writes = new Debt(millis(writesBurst * writeInterval));
  readonly #bytes = new Debt(millis(bytesBurst / bytesPerMilli));

  /** When the next write may be; not before `at`. */
  openAt(at: Instant): Instant {
    return instant(Math.max(at, this.#writes.openAt(at), this.#bytes.openAt(at)));
  }

  wrote(bytes: number, at: Instant): void {
    this.#writes.take(writeInterval, at);
    this.#bytes.take(millis((bytes + bytesBeside) / bytesPerMilli), at);
  }
}

/** Who takes is in debt for so long, and takes again when the debt is no more than what may be taken at once. */
class Debt {
  readonly #most: Millis;
  #until = instant(Number.NEGATIVE_INFINITY);

  constructor(most: Millis) {
    this.#most = most;
  }

  openAt(at: Instant): Instant {
    const open = instant(this.#until - this.#most);
    return open > at ? open : at;
  }

  take(span: Millis, at: Instant): void {
    this.#until = later(this.#until > at ? this.#until : at, span);
  }
}
