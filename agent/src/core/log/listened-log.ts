/**
 * The lines of modules' logs that somebody reads just now, on their way to the hub: those that were asked for, as long as
 * they were, a word at a time and no faster than leaves the line to what is urgent.
 */
import { type Instant, instant, later, type Micros, millis } from "@interactor/shared/kernel/units";
import type { LogLevel } from "@interactor/shared/sdk/guest-messages";
import {
  encodeLogWord,
  type Listen,
  logDetailsLength,
  type LogLine,
  logLinesMax,
  logWordBytes,
  logWordsLength,
} from "@interactor/shared/wire/messages/log";

/** Between two words: 8 KB each are 32 KB/s at most, an eighth of a slow line. */
export const logInterval = millis(250);
/** Lines that wait for their word. More: evict the oldest, and say how many. */
export const waitingLinesMax = 256;
/** What a line has beside its texts, in bytes, as the bound of a word counts it. */
const lineBytes = 120;

export interface Logged {
  readonly instance: string;
  readonly level: LogLevel;
  readonly words: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

export class ListenedLog {
  readonly #without: (text: string) => string;
  #instances: ReadonlySet<string> = new Set();
  #until: Instant = instant(Number.NEGATIVE_INFINITY);
  #waiting: LogLine[] = [];
  #leftOut = 0;
  /** Whoever asks hears at once that it is heard. */
  #isAnswerDue = false;
  /** Of those that wait, the first few; `undefined`: none is on its way. */
  #underway: { readonly lines: number; readonly leftOut: number } | undefined;
  #sentAt: Instant = instant(Number.NEGATIVE_INFINITY);

  /** `without`: the text without what is secret. */
  constructor(without: (text: string) => string) {
    this.#without = without;
  }

  /** Whose lines are wanted from now on, instead of those that were. */
  listen({ instances, span }: Pick<Listen, "instances" | "span">, at: Instant): void {
    this.#instances = new Set(instances);
    this.#until = later(at, millis(span));
    this.#isAnswerDue = span > 0;
    if (span === 0) this.#forget();
  }

  /** Nothing is made of a line that nobody reads. */
  take(
    { instance, level, words, details }: Logged,
    now: { readonly instant: Instant; readonly at: Micros },
  ): void {
    if (now.instant >= this.#until) return this.#forget();
    if (this.#instances.size > 0 && !this.#instances.has(instance)) return;
    const told = this.#told(words, logWordsLength);
    const beside = details === undefined ? undefined : this.#told(jsonOf(details), logDetailsLength);
    const line = { at: now.at, instance, level, words: told };
    this.#waiting.push(beside === undefined ? line : { ...line, details: beside });
    if (this.#waiting.length <= waitingLinesMax) return;
    // Those on their way are told already.
    this.#waiting.splice(this.#underway?.lines ?? 0, 1);
    this.#leftOut += 1;
  }

  /** What goes to the hub now; else when to ask again. `undefined`: there is nothing to send, or one is on its way. */
  next(at: Instant): { readonly bytes: Uint8Array } | { readonly due: Instant } | undefined {
    if (this.#underway !== undefined || at >= this.#until) return undefined;
    if (this.#waiting.length === 0 && !this.#isAnswerDue) return undefined;
    const due = later(this.#sentAt, logInterval);
    if (due > at) return { due };
    const lines = this.#word();
    this.#sentAt = at;
    this.#isAnswerDue = false;
    this.#underway = { lines: lines.length, leftOut: this.#leftOut };
    this.#leftOut = 0;
    return { bytes: encodeLogWord({ v: 1, kind: "lines", lines, leftOut: this.#underway.leftOut }) };
  }

  /** The hub has the one that was on its way. */
  confirmed(): void {
    this.#waiting.splice(0, this.#underway?.lines ?? 0);
    this.#underway = undefined;
  }

  /** What was on its way goes again: it may have been lost. */
  disconnected(): void {
    this.#leftOut += this.#underway?.leftOut ?? 0;
    this.#underway = undefined;
  }

  #word(): LogLine[] {
    let bytes = 0;
    const first = this.#waiting.slice(0, logLinesMax);
    const past = first.findIndex(({ words, details = "" }, index) => {
      bytes += lineBytes + bytesOf(words) + bytesOf(details);
      return index > 0 && bytes > logWordBytes;
    });
    return past < 0 ? first : first.slice(0, past);
  }

  #forget(): void {
    this.#waiting = this.#waiting.slice(0, this.#underway?.lines ?? 0);
    this.#leftOut = 0;
  }

  #told(text: string, length: number): string {
    const told = this.#without(text);
    return (told.length <= length ? told : `${told.slice(0, length - 1)}…`).toWellFormed();
  }
}

/** At most: a letter has up to three, and in most logs one. */
const bytesOf = (text: string): number => (/^[ -~]*$/.test(text) ? text.length : 3 * text.length);

/** What passes between threads may be more than JSON has: large numbers, bytes, circles. */
function jsonOf(details: unknown): string {
  try {
    return JSON.stringify(details, (_key, value: unknown) => {
      if (value instanceof Uint8Array) return `${value.length} bytes`;
      return typeof value === "bigint" ? String(value) : value;
    });
  } catch {
    return "(cannot be shown)";
  }
}
