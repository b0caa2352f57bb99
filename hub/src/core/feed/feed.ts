/**
 * Public values for those who watch: the last value of everything, published at most every `feedInterval`
 * each. The last one always goes out, so what is retained is what is true.
 */
import { earliest, type Instant, later } from "@interactor/shared/kernel/units";
import { feedInterval } from "@interactor/shared/wire/limits";
import { RawTaps } from "./raw-taps.ts";
import { encodePublicValue, type PublicValue } from "@interactor/shared/wire/messages/public-value";

/** Values the feed knows: a thousand nodes with a hundred each. More: refuse, counted. */
const feedValuesMax = 100_000;

interface Slot {
  openAt: Instant;
  held: PublicValue | undefined;
}

export interface FeedSink {
  /** The newest value of an output, to be retained. */
  value(address: string, payload: Uint8Array): void;
  /** One of all its values, for who asked. */
  raw(address: string, payload: Uint8Array): void;
}

export class Feed {
  readonly taps: RawTaps;
  readonly #sink: FeedSink;
  readonly #slots = new Map<string, Slot>();
  readonly #held = new Set<string>();
  /** Not sooner is anything due of what is held. */
  #due: Instant | undefined;
  refused = 0;

  constructor(site: string, sink: FeedSink) {
    this.taps = new RawTaps(site);
    this.#sink = sink;
  }

  get values(): number {
    return this.#slots.size;
  }

  /** `address` is `node/instance/port`; the oldest value first. */
  offer(address: string, values: readonly PublicValue[], at: Instant): void {
    if (this.taps.wants(address, at))
      for (const value of values) this.#sink.raw(address, encodePublicValue(value));
    const newest = values.at(-1);
    if (newest !== undefined) this.#offer(address, newest, at);
  }

  #offer(address: string, value: PublicValue, at: Instant): void {
    const slot = this.#slots.get(address);
    if (slot === undefined) {
      if (this.#slots.size >= feedValuesMax) {
        this.refused += 1;
        return;
      }
      this.#slots.set(address, { openAt: later(at, feedInterval), held: undefined });
      this.#sink.value(address, encodePublicValue(value));
    } else if (at >= slot.openAt) {
      this.#let(address, slot, value, at);
    } else {
      slot.held = value;
      this.#held.add(address);
      this.#due = earliest(this.#due, slot.openAt);
    }
  }

  /** Lets out what is due. Returns when to come back. */
  flush(at: Instant): Instant | undefined {
    if (this.#due === undefined || at < this.#due) return this.#due;
    this.#due = undefined;
    for (const address of this.#held) {
      const slot = this.#slots.get(address);
      if (slot?.held === undefined) continue;
      if (at >= slot.openAt) this.#let(address, slot, slot.held, at);
      else this.#due = earliest(this.#due, slot.openAt);
    }
    return this.#due;
  }

  #let(address: string, slot: Slot, value: PublicValue, at: Instant): void {
    slot.openAt = later(at, feedInterval);
    slot.held = undefined;
    this.#held.delete(address);
    this.#sink.value(address, encodePublicValue(value));
  }
}
