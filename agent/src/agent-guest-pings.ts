/** Whether a guest answers, and how long it has not: asked once a second, whatever it does. */
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import { moduleLimitsDefault } from "@interactor/shared/wire/messages/module-limits";

/** Between two pings of a guest. */
export const pingInterval = seconds(1);
/** Pings' time without an answer. More: its instances are said to be silent. */
const silencesToSay = 2;
/** As long as every module has, in pings. */
const silencesDefault = moduleLimitsDefault.handlerMs / pingInterval;
/** Until its first answer: loading code takes a slow Pi longer than anything after it. */
const silencesAtStartMax = 30;

/** So long is it before a guest is said to be silent, in seconds. */
export const silentAfter = (silencesToSay * pingInterval) / 1000;

export class GuestPings {
  readonly #silencesMax: number;
  #isAnswerDue = false;
  #hasAnswered = false;
  /**
   * Rounds of pings without an answer. Counted, not measured: after a stop of this process the clock would say
   * that every guest hangs.
   */
  #silences = 0;

  constructor(silenceMax: Millis | undefined) {
    this.#silencesMax = silenceMax === undefined ? silencesDefault : Math.ceil(silenceMax / pingInterval);
  }

  get isLate(): boolean {
    return this.#silences > 0;
  }

  /** How long it may be silent now, in seconds. */
  get patience(): number {
    return ((this.#hasAnswered ? this.#silencesMax : silencesAtStartMax) * pingInterval) / 1000;
  }

  /** Of a guest that has just been opened nobody has heard. */
  began(): void {
    this.#isAnswerDue = false;
    this.#hasAnswered = false;
    this.#silences = 0;
  }

  /** It is time for another ping: `ask` for an answer, or what is known while the last one has none. */
  round(): "ask" | "wait" | "is-silent" | "hangs" {
    if (!this.#isAnswerDue) {
      this.#isAnswerDue = true;
      return "ask";
    }
    this.#silences += 1;
    if (this.#silences * pingInterval >= this.patience * 1000) return "hangs";
    return this.#silences === silencesToSay && this.#hasAnswered ? "is-silent" : "wait";
  }

  /** Returns whether it was said to be silent. */
  answered(): boolean {
    // Of one that has just been started again nobody has said that it is.
    const wasSaid = this.#hasAnswered && this.#silences >= silencesToSay;
    this.#isAnswerDue = false;
    this.#hasAnswered = true;
    this.#silences = 0;
    return wasSaid;
  }
}
