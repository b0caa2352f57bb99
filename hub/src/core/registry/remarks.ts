/**
 * Which of many alike events get a log line of their own, so that everybody concerned is named and a flood does not
 * fill the disk. Of each kind of event everybody who is concerned has one line in an interval, as long as lines are
 * left; everything without a line is counted, and at the end of the interval one line a kind says how many there were.
 */
import { between, type Instant, type Millis, millis, seconds } from "@interactor/shared/kernel/units";

export const remarkLimits = {
  /** Nobody has two lines of one kind within it; then what was left out is summed up. */
  interval: seconds(10),
  /** Lines at once: a hall full of clients that go wrong together are named each. */
  linesBurst: 200,
  /** Lines in the long run. A line has about 300 bytes, so this is 50 MB a day. More: counted, and summed up. */
  linesPerSecond: 2,
  /** Of each kind, in an interval, also when no lines are left: one kind's flood does not hide another. */
  linesPerKindMin: 5,
  /** Kinds told apart in an interval. They are ours, so this is never reached. More: counted as one. */
  kindsMax: 200,
} as const satisfies Record<string, number>;

/** What a kind of events is called beyond `kindsMax`. */
const otherKinds = "something else";

export interface Summary {
  readonly kind: string;
  /** How many had no line. */
  readonly count: number;
  /** Who was the last of them. */
  readonly last: string;
  readonly span: Millis;
}

interface Told {
  readonly whos: Set<string>;
  lines: number;
  leftOut: number;
  last: string;
}

export class Remarks {
  readonly #kinds = new Map<string, Told>();
  #since: Instant | undefined;
  #lines: number = remarkLimits.linesBurst;
  #refilledAt: Instant | undefined;

  /** Whether this one is worth a line of its own; otherwise it is counted. `who` is concerned. */
  note(at: Instant, kind: string, who: string): boolean {
    this.#since ??= at;
    const told = this.#told(kind);
    if (!told.whos.has(who) && this.#takeLine(at, told)) {
      told.whos.add(who);
      return true;
    }
    told.leftOut += 1;
    told.last = who;
    return false;
  }

  /** What had no line in an interval that is over. To be asked about once a second. */
  takeDue(at: Instant): readonly Summary[] {
    const isDue = this.#since !== undefined && between(this.#since, at) >= remarkLimits.interval;
    return isDue ? this.takeAll(at) : [];
  }

  /** What had no line so far; an interval begins anew. */
  takeAll(at: Instant): readonly Summary[] {
    const span = this.#since === undefined ? 0 : between(this.#since, at);
    const summaries = [...this.#kinds]
      .filter(([, { leftOut }]) => leftOut > 0)
      .map(([kind, { leftOut, last }]) => ({ kind, count: leftOut, last, span: millis(span) }));
    this.#kinds.clear();
    this.#since = undefined;
    return summaries;
  }

  #told(kind: string): Told {
    const name = this.#kinds.size < remarkLimits.kindsMax || this.#kinds.has(kind) ? kind : otherKinds;
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    const told: Told = { whos: new Set(), lines: 0, leftOut: 0, last: "" };
    this.#kinds.set(name, told);
    return told;
  }

  #takeLine(at: Instant, told: Told): boolean {
    const { linesBurst, linesPerSecond, linesPerKindMin } = remarkLimits;
    const passed = this.#refilledAt === undefined ? 0 : between(this.#refilledAt, at);
    this.#refilledAt = at;
    this.#lines = Math.min(this.#lines + (passed * linesPerSecond) / 1000, linesBurst);
    const isLeft = this.#lines >= 1;
    if (!isLeft && told.lines >= linesPerKindMin) return false;
    if (isLeft) this.#lines -= 1;
    told.lines += 1;
    return true;
  }
}
