/**
 * The revisions of a site: numbered, never changed, each with its author, time and message. A content that is there
 * already is not kept twice, and going back makes a new revision with the old content, so that the history only grows
 * at its end.
 */
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import type { Micros } from "@interactor/shared/kernel/units";
import { byLengthMax } from "@interactor/shared/wire/limits";
import type { RevisionHead } from "./revision-head.ts";

/** One content: a large site's files, compiled and as they were written. Larger: refuse. */
export const revisionBytesMax = 32 * 1024 * 1024;
/** Words about a revision. Longer: cut, because nobody is kept from applying for having said too much. */
export const messageLengthMax = 1000;
/** Revisions that are kept. More: evict the oldest. Twenty a day for a month of setting up. */
export const revisionsMax = 600;
/** Older ones are evicted: five years, the life of a permanent exhibition. In µs. */
export const revisionAgeMax = 5 * 365 * 24 * 3600 * 1e6;
/** The last confirmed ones that are never evicted, however old: what one goes back to. */
export const confirmedKept = 10;

export interface Draft {
  readonly digest: string;
  readonly bytes: number;
  readonly author: string;
  readonly message: string;
  readonly at: Micros;
}

export interface RevisionPair {
  readonly before: RevisionHead;
  readonly after: RevisionHead;
  readonly isSame: boolean;
}

export class Revisions {
  #heads: readonly RevisionHead[];
  /** No number is used twice, also when the file was lost: nodes tell what they run. */
  #lastNumber: number;

  constructor(heads: readonly RevisionHead[]) {
    this.#heads = heads.toSorted((left, right) => left.number - right.number);
    this.#lastNumber = this.#heads.at(-1)?.number ?? 0;
  }

  get newest(): RevisionHead | undefined {
    return this.#heads.at(-1);
  }

  /** Newest first. */
  history(countMax: number): readonly RevisionHead[] {
    return this.#heads.toReversed().slice(0, countMax);
  }

  show(number: number): Result<RevisionHead, string> {
    const head = this.#heads.find((each) => each.number === number);
    return head === undefined ? failed(this.#whyMissing(number)) : ok(head);
  }

  /** Two revisions to be laid side by side; whether they are the same is known without their content. */
  pair(before: number, after: number): Result<RevisionPair, string> {
    const [left, right] = [this.show(before), this.show(after)];
    if (!left.ok) return left;
    if (!right.ok) return right;
    return ok({ before: left.value, after: right.value, isSame: left.value.digest === right.value.digest });
  }

  /** A node or a backup knows of this number. */
  learn(number: number): void {
    this.#lastNumber = Math.max(this.#lastNumber, number);
  }

  /**
   * The revision to be written, which counts once `added` is told of it. The newest content again is no revision, unless
   * it did not come to its end and `isAgain` asks for another try.
   */
  draft(
    { digest, bytes, author, message, at }: Draft,
    isAgain = false,
  ): Result<RevisionHead, "unchanged" | "too-large"> {
    if (this.newest?.digest === digest && !isAgain) return failed("unchanged");
    if (bytes > revisionBytesMax) return failed("too-large");
    return ok({
      number: this.#lastNumber + 1,
      digest,
      bytes,
      author: cut(author, byLengthMax),
      at,
      message: cut(message, messageLengthMax),
      isConfirmed: false,
      rollbackOf: undefined,
    });
  }

  /** A new revision with the content of an old one. */
  rollback(
    number: number,
    draft: Pick<Draft, "author" | "message" | "at">,
    isAgain = false,
  ): Result<RevisionHead, string> {
    const old = this.show(number);
    if (!old.ok) return old;
    const { digest, bytes } = old.value;
    const made = this.draft({ ...draft, digest, bytes }, isAgain);
    if (made.ok) return ok({ ...made.value, rollbackOf: number });
    return failed(`revision ${this.newest?.number} has the content of revision ${number} already`);
  }

  added(head: RevisionHead): void {
    this.#heads = [...this.#heads, head];
    this.learn(head.number);
  }

  confirmed(number: number): void {
    this.#heads = this.#heads.map((each) => (each.number === number ? { ...each, isConfirmed: true } : each));
  }

  /** Those that go. `inUse`: what nodes run or are on their way to. */
  evictable(at: Micros, inUse: ReadonlySet<number>): readonly number[] {
    const confirmed = this.#heads.filter(({ isConfirmed }) => isConfirmed).slice(-confirmedKept);
    const stay = new Set([...inUse, ...confirmed.map(({ number }) => number)]);
    const newest = this.newest?.number;
    const excess = this.#heads.length - revisionsMax;
    return this.#heads
      .filter((head, index) => index < excess || at - head.at > revisionAgeMax)
      .map(({ number }) => number)
      .filter((number) => !stay.has(number) && number !== newest);
  }

  evicted(numbers: readonly number[]): void {
    this.#heads = this.#heads.filter(({ number }) => !numbers.includes(number));
  }

  #whyMissing(number: number): string {
    const oldest = this.#heads[0]?.number;
    if (oldest === undefined) return "there is no revision yet";
    const there = `there are ${oldest} to ${this.newest?.number}`;
    return number < oldest
      ? `revision ${number} is not kept any more: ${there}`
      : `there is no revision ${number}: ${there}`;
  }
}

const cut = (text: string, lengthMax: number): string =>
  text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1).toWellFormed()}…`;
