/**
 * A widget is asked for a sign of life: often until it has given the first, and from then on as long as its line is open.
 * What speaks no widget's language is not used, and one that falls silent is reported: its line is opened anew.
 */
import { type Clock, type Millis, millis, seconds } from "@interactor/shared/sdk/define-module";
import type { DeviceReports } from "@interactor/shared/sdk/devices";

/** Until the first answer: a widget that starts when its line is opened sits in its bootloader for a second or two. */
const firstPause = millis(250);
/** Four seconds of them. More: it is no widget, and counts as failed. */
const firstQuestionsMax = 16;
/**
 * Opening the line resets an Arduino Mega, whose bootloader takes a byte of its first second for the beginning of a new
 * program, and waits 8 s for more of it. One that said nothing is let start before it is asked the next time, in turns.
 */
const silence = seconds(2);
const laterQuestionsMax = 8;
/** From the first question, or the silence before it, to the end of a greeting that nobody answers. */
export const greetingLongest = millis(firstPause * firstQuestionsMax);
/** Questions in a row without an answer. More: it works badly, which does not last long; a busy one may miss two. */
const unansweredMax = 2;

const noWidget = "it does not answer as a DMX USB Pro does: is it the right device?";

export interface Asking {
  /** Between two questions to one that has answered. */
  readonly every: Millis;
  ask(): void;
  /** What else to do about one that is none. */
  readonly hint?: string;
}

export class Questions {
  readonly #clock: Clock;
  readonly #asking: Asking;
  #unanswered = 0;
  #isLetStart = false;
  #reports: DeviceReports | undefined;
  /** Nothing was heard of who is there now. */
  #greeting: PromiseWithResolvers<void> | undefined;

  constructor(clock: Clock, asking: Asking) {
    this.#clock = clock;
    this.#asking = asking;
  }

  /** Who is there is not known. Resolves with the first answer, and rejects with words for an installer when none comes. */
  greet(reports: DeviceReports): Promise<void> {
    const { every, hint } = this.#asking;
    const greeting = Promise.withResolvers<void>();
    this.#greeting = greeting;
    this.#reports = reports;
    this.#unanswered = 0;
    const isLetStart = this.#isLetStart;
    const questionsMax = isLetStart ? laterQuestionsMax : firstQuestionsMax;
    let cancel = (): void => undefined;
    const askOn = (): void => {
      if (this.#unanswered >= questionsMax && this.#greeting === greeting) {
        this.#isLetStart = !isLetStart;
        return greeting.reject(new Error(hint === undefined ? noWidget : `${noWidget} (${hint})`));
      }
      if (this.#unanswered > unansweredMax) reports.worse("it does not answer any more");
      this.#unanswered += 1;
      cancel = this.#clock.after(this.#greeting === greeting ? firstPause : every, askOn);
      this.#asking.ask();
    };
    reports.signal.addEventListener("abort", () => cancel(), { once: true });
    if (isLetStart) cancel = this.#clock.after(silence, askOn);
    else askOn();
    return greeting.promise;
  }

  /** It has said something that only a widget says. */
  answered(): void {
    this.#unanswered = 0;
    this.#greeting?.resolve();
    this.#greeting = undefined;
    this.#reports?.well();
  }
}
