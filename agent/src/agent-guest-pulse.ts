/**
 * Whether a guest answers. It is asked once a second; one that does not answer is said to be silent, and when that lasts, to
 * hang. Silences are counted, not measured: after a stop of this process the clock would say that every guest hangs.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import { moduleLimitsDefault } from "@interactor/shared/wire/messages/module-limits";

/** Between two pings of a guest. */
const pingInterval = seconds(1);
/** Pings' time without an answer. More: its instances are said to be silent. */
const silencesToSay = 2;
/** Until its first answer: loading code takes a slow Pi longer than anything after it. */
const silencesAtStartMax = 30;

export interface PulseSink {
  ping(): void;
  /** `reason` in words for people. */
  silent(reason: string): void;
  hangs(reason: string): void;
}

export class GuestPulse {
  readonly #clock: Clock;
  readonly #silencesMax: number;
  readonly #sink: PulseSink;
  #isAnswerDue = false;
  #hasAnswered = false;
  /** Rounds of pings without an answer. */
  #silences = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, silenceMax: Millis | undefined, sink: PulseSink) {
    this.#clock = clock;
    this.#silencesMax = Math.ceil((silenceMax ?? moduleLimitsDefault.handlerMs) / pingInterval);
    this.#sink = sink;
  }

  get isSilent(): boolean {
    return this.#silences > 0;
  }

  /** Of a guest that has just been started. */
  begin(): void {
    this.#isAnswerDue = false;
    this.#hasAnswered = false;
    this.#ping();
  }

  /** Returns whether it was said to be silent. */
  answered(): boolean {
    // Of one that has just been started again nobody has said that it is silent.
    const wasSaid = this.#hasAnswered && this.#silences >= silencesToSay;
    this.#isAnswerDue = false;
    this.#hasAnswered = true;
    this.#silences = 0;
    return wasSaid;
  }

  end(): void {
    this.#cancel?.();
    this.#silences = 0;
  }

  #ping(): void {
    this.#cancel = this.#clock.after(pingInterval, () => this.#ping());
    if (!this.#isAnswerDue) {
      this.#isAnswerDue = true;
      return this.#sink.ping();
    }
    this.#silences += 1;
    if (this.#silences === silencesToSay && this.#hasAnswered)
      this.#sink.silent(`it has not answered for ${inSeconds(silencesToSay)} s`);
    const most = this.#hasAnswered ? this.#silencesMax : silencesAtStartMax;
    if (this.#silences < most) return undefined;
    return this.#sink.hangs(`it did not answer for ${inSeconds(most)} s`);
  }
}

const inSeconds = (silences: number): number => (silences * pingInterval) / 1000;
