/**
 * Public values for those who watch: the last value of everything, published at most every `feedInterval`
 * each. The last one always goes out, so what is retained is what is true; what there is no room for takes away what
 * was true before it.
 */
import { earliest, type Instant, later } from "@interactor/shared/kernel/units";
import { feedInterval } from "@interactor/shared/wire/limits";
import { encodePublicValue, type PublicValue } from "@interactor/shared/wire/messages/public-value";
import { parseSiteAddress, type SiteAddress } from "@interactor/shared/wire/names";
import { bytesOfValue } from "@interactor/shared/wire/value";
import { RawTaps } from "./raw-taps.ts";
import { type ShareRefusal, ValueShares } from "./value-shares.ts";

interface Slot {
  /** Of the value that is kept. */
  bytes: number;
  openAt: Instant;
  /** What waits to be published; `undefined`: nothing, or that there is no value any more. */
  held: PublicValue | undefined;
}

export interface FeedSink {
  /** The newest value of an output, to be retained; empty: there is none any more. */
  value(address: string, payload: Uint8Array): void;
  /** One of all its values, for who asked. */
  raw(address: string, payload: Uint8Array): void;
}

const nothing = new Uint8Array();

/** Values of one output, the oldest first. */
export type Values = readonly PublicValue[] | (Iterable<PublicValue> & Pick<readonly PublicValue[], "at">);

export interface ValueSource {
  readonly node: string;
  /** `node/instance/port` */
  readonly address: string;
}

export class Feed {
  readonly taps: RawTaps;
  readonly #sink: FeedSink;
  readonly #shares = new ValueShares();
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
    return this.#shares.values;
  }

  /** The oldest value first. Returns why the newest is not kept; then none of its output is. */
  offer(of: ValueSource, values: Values, at: Instant): ShareRefusal | undefined {
    if (this.taps.wants(of.address, at))
      for (const value of values) this.#sink.raw(of.address, encodePublicValue(value));
    const newest = values.at(-1);
    return newest === undefined ? undefined : this.#offer(of, newest, at);
  }

  #offer({ node, address }: ValueSource, value: PublicValue, at: Instant): ShareRefusal | undefined {
    const refusal = this.#weigh(node, address, bytesOfValue(value.value), at);
    if (refusal !== undefined) this.refused += 1;
    const slot = this.#slots.get(address);
    if (slot === undefined) return refusal;
    const kept = refusal === undefined ? value : undefined;
    if (at >= slot.openAt) {
      this.#let(address, slot, kept, at);
    } else {
      slot.held = kept;
      this.#held.add(address);
      this.#due = earliest(this.#due, slot.openAt);
    }
    return refusal;
  }

  /** Of a node only what is declared goes on. Returns the addresses of what is gone. */
  keep(node: string, isDeclared: (address: SiteAddress) => boolean): readonly string[] {
    const gone: string[] = [];
    for (const address of this.#shares.addressesOf(node)) {
      const slot = this.#slots.get(address);
      const parsed = parseSiteAddress(address);
      if (slot === undefined || (parsed.ok && isDeclared(parsed.value))) continue;
      this.#drop(node, address, slot);
      gone.push(address);
    }
    return gone;
  }

  /** Lets out what is due. Returns when to come back. */
  flush(at: Instant): Instant | undefined {
    if (this.#due === undefined || at < this.#due) return this.#due;
    this.#due = undefined;
    for (const address of this.#held) {
      const slot = this.#slots.get(address);
      if (slot === undefined) continue;
      if (at >= slot.openAt) this.#let(address, slot, slot.held, at);
      else this.#due = earliest(this.#due, slot.openAt);
    }
    return this.#due;
  }

  /** Finds room for a value. Most are as large as those before them. */
  #weigh(node: string, address: string, bytes: number, at: Instant): ShareRefusal | undefined {
    const slot = this.#slots.get(address);
    if (slot?.bytes === bytes) return undefined;
    const refusal = this.#shares.take(node, address, bytes, slot?.bytes);
    if (slot === undefined) {
      if (refusal === undefined) this.#slots.set(address, { bytes, openAt: at, held: undefined });
      return refusal;
    }
    // Its place is kept, so that it is published no more often.
    const left = refusal === undefined ? bytes : 0;
    if (refusal !== undefined) this.#shares.take(node, address, left, slot.bytes);
    slot.bytes = left;
    return refusal;
  }

  #drop(node: string, address: string, slot: Slot): void {
    this.#shares.free(node, address, slot.bytes);
    this.#slots.delete(address);
    this.#held.delete(address);
    this.#sink.value(address, nothing);
  }

  #let(address: string, slot: Slot, value: PublicValue | undefined, at: Instant): void {
    slot.openAt = later(at, feedInterval);
    slot.held = undefined;
    this.#held.delete(address);
    this.#sink.value(address, value === undefined ? nothing : encodePublicValue(value));
  }
}
