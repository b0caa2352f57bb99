/**
 * One file on its way, piece by piece: what has come is marked in a bitmap, what is asked has a time by which it counts as
 * lost, and nothing that is there is asked again, whoever was away in between. Pieces may come in any order; they are
 * given in theirs.
 */
import { between, earliest, type Instant, later, millis } from "@interactor/shared/kernel/units";
import { pieceBytes } from "@interactor/shared/wire/limits";
import { Pace, paceBytesMax } from "./pace.ts";

/** What waits for a piece before it. More: ask for nothing behind it. */
const aheadBytesMax = 2 * paceBytesMax;

export interface Asked {
  readonly id: number;
  readonly at: number;
  readonly bytes: number;
}

export interface Came {
  readonly id: number;
  readonly at: number;
  readonly total: number;
  readonly data: Uint8Array;
  /** Whether its bytes have their sum. */
  readonly isWhole: boolean;
}

/** `late`: nobody asked for it any more. `wrong`: it is not what was asked for, and is asked for again. */
export type Taken = "taken" | "late" | "wrong";

interface OnItsWay {
  readonly index: number;
  readonly since: Instant;
  readonly until: Instant;
}

export class Transfer {
  readonly #from: number;
  readonly #pace = new Pace();
  readonly #nextId: () => number;
  /** A bit a piece, of those from `from` on. */
  #have = new Uint8Array(64);
  #total: number | undefined;
  readonly #onItsWay = new Map<number, OnItsWay>();
  /** Came, and waits for those before it. */
  readonly #ahead = new Map<number, Uint8Array>();
  /** The first piece that was not given yet, and the first that may not be there. */
  #given = 0;
  #missing = 0;
  /** Pieces whose bytes were wrong, or that were lost. */
  repeats = 0;

  /** From a place on: what is before it is there. `ahead`: what came in an earlier life, by its place. */
  constructor(from: number, nextId: () => number, ahead: ReadonlyMap<number, Uint8Array> = new Map()) {
    this.#from = from;
    this.#nextId = nextId;
    for (const [at, data] of ahead) {
      const index = (at - from) / pieceBytes;
      if (Number.isInteger(index) && index >= 0 && index < aheadBytesMax / pieceBytes)
        this.#keep(index, data);
    }
  }

  /** Bytes that are there, of so many; `undefined`: nobody has said yet. */
  get progress(): { readonly bytes: number; readonly total: number | undefined } {
    let bytes = this.#from + this.#given * pieceBytes;
    for (const data of this.#ahead.values()) bytes += data.length;
    return { bytes: Math.min(bytes, this.#total ?? bytes), total: this.#total };
  }

  get isOver(): boolean {
    return this.#total !== undefined && this.#given >= this.#pieces(this.#total);
  }

  /** What waits for a piece before it: to be kept when the process ends. */
  get ahead(): ReadonlyMap<number, Uint8Array> {
    return new Map([...this.#ahead].map(([index, data]) => [this.#placeOf(index), data]));
  }

  /** What may be asked now. The first question is alone: it tells how much there is, and how long an answer takes. */
  ask(now: Instant): readonly Asked[] {
    const asked: Asked[] = [];
    const alone = this.#total === undefined;
    const window = alone ? 1 : this.#pace.window;
    for (;;) {
      if (this.#onItsWay.size * pieceBytes >= window) break;
      const index = this.#nextMissing();
      if (index === undefined) break;
      const id = this.#nextId();
      this.#onItsWay.set(id, { index, since: now, until: later(now, this.#pace.patience) });
      const at = this.#placeOf(index);
      asked.push({ id, at, bytes: Math.min(pieceBytes, (this.#total ?? at + pieceBytes) - at) });
    }
    return asked;
  }

  came({ id, at, total, data, isWhole }: Came, now: Instant): Taken {
    const asked = this.#onItsWay.get(id);
    if (asked === undefined) return "late";
    this.#onItsWay.delete(id);
    const { index, since } = asked;
    this.#missing = Math.min(this.#missing, index);
    const isAsked = at === this.#placeOf(index) && total >= this.#from && (this.#total ?? total) === total;
    const expected = Math.max(Math.min(pieceBytes, total - at), 0);
    if (!isWhole || !isAsked || data.length !== expected) {
      this.repeats += 1;
      return "wrong";
    }
    this.#total = total;
    this.#pace.answered(millis(Math.max(between(since, now), 0)), data.length);
    if (expected > 0) this.#keep(index, data);
    return "taken";
  }

  /** The next piece in order. */
  next(): Uint8Array | undefined {
    const data = this.#ahead.get(this.#given);
    if (data === undefined) return undefined;
    this.#ahead.delete(this.#given);
    this.#given += 1;
    return data;
  }

  /** When a question counts as lost. */
  get dueAt(): Instant | undefined {
    let due: Instant | undefined;
    for (const { until } of this.#onItsWay.values()) due = earliest(due, until);
    return due;
  }

  /** What has not been answered by now is asked again. */
  expire(now: Instant): void {
    let isAny = false;
    for (const [id, { index, until }] of this.#onItsWay) {
      if (between(until, now) < 0) continue;
      this.#onItsWay.delete(id);
      this.#missing = Math.min(this.#missing, index);
      this.repeats += 1;
      isAny = true;
    }
    if (isAny) this.#pace.lost();
  }

  /** The line is cut: nobody answers what was asked. What has come stays. */
  cut(): void {
    for (const { index } of this.#onItsWay.values()) this.#missing = Math.min(this.#missing, index);
    this.#onItsWay.clear();
    this.#pace.lost();
  }

  isAsked(id: number): boolean {
    return this.#onItsWay.has(id);
  }

  /** Whether something before this place has not come yet. */
  isBehind(at: number): boolean {
    return at > this.#placeOf(this.#missing);
  }

  #nextMissing(): number | undefined {
    const end = this.#total === undefined ? this.#given + 1 : this.#pieces(this.#total);
    const bound = Math.min(end, this.#given + aheadBytesMax / pieceBytes);
    for (let index = Math.max(this.#missing, this.#given); index < bound; index += 1) {
      if (this.#isThere(index) || this.#isOnItsWay(index)) continue;
      return index;
    }
    return undefined;
  }

  #isOnItsWay(index: number): boolean {
    for (const asked of this.#onItsWay.values()) if (asked.index === index) return true;
    return false;
  }

  #isThere(index: number): boolean {
    return ((this.#have[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  #keep(index: number, data: Uint8Array): void {
    const byte = index >> 3;
    if (byte >= this.#have.length) {
      const wider = new Uint8Array(Math.max(this.#have.length * 2, byte + 1));
      wider.set(this.#have);
      this.#have = wider;
    }
    this.#have[byte] = (this.#have[byte] ?? 0) | (1 << (index & 7));
    this.#ahead.set(index, data);
    while (this.#isThere(this.#missing)) this.#missing += 1;
  }

  #pieces(total: number): number {
    return Math.ceil(Math.max(total - this.#from, 0) / pieceBytes);
  }

  #placeOf(index: number): number {
    return this.#from + index * pieceBytes;
  }
}
