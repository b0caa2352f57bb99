/**
 * When a widget whose line was opened is asked who it is. Opening resets an Arduino Mega, whose bootloader takes a byte
 * that comes within the first second for the beginning of a new program, and then does not start the old one until it has
 * heard nothing for 8 s. So nothing is said at first, and where nobody answers there are pauses.
 */

import { millis } from "@interactor/shared/sdk/define-module";

/** An Arduino Mega has started by then. */
export const startedAfter = millis(1500);
/** Seconds after the opening at which it is asked again, first and last. */
const first = 3;
const last = 5;
/** And again after so many. */
export const firstQuestionsEvery = 16;

export class FirstQuestions {
  #seconds = 0;

  /** The line was opened. */
  begin(): void {
    this.#seconds = 0;
  }

  /** Once a second while nobody has answered. Returns whether to ask now. */
  tick(): boolean {
    this.#seconds += 1;
    const second = this.#seconds % firstQuestionsEvery;
    return second >= first && second <= last;
  }
}
