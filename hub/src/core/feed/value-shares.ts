/**
 * How much of the values that the hub keeps is whose. Each node has a part that nobody can take from it, and beyond
 * that what is left; none has so much that it fills the hub.
 */
import {
  keptBytesOfNodeMax,
  keptBytesMax,
  keptValueBytesMax,
  keptValuesMax,
  keptValuesOfNodeMax,
  nodesMax,
} from "@interactor/shared/wire/limits";

export type ShareRefusal = "too-large-to-keep" | "no-room-to-keep";

/** What a node has whatever the others hold: its part if there were as many nodes as there can be. */
const ownValues = keptValuesMax / nodesMax;
const ownBytes = keptBytesMax / nodesMax;

/** What a value costs beside its own bytes: its address in several tables, and what is made of it to be read. */
export const overheadBytes = 256;

interface Share {
  readonly addresses: Set<string>;
  bytes: number;
}

export class ValueShares {
  readonly #shares = new Map<string, Share>();
  #values = 0;
  #bytes = 0;

  get values(): number {
    return this.#values;
  }

  /**
   * A node has a value of `bytes` at `address`, where `before` were; `undefined`: it is a new one. Returns why there is
   * no room; then all is as it was.
   */
  take(node: string, address: string, bytes: number, before: number | undefined): ShareRefusal | undefined {
    if (bytes > keptValueBytesMax) return "too-large-to-keep";
    const share = this.#shares.get(node) ?? { addresses: new Set(), bytes: 0 };
    const values = share.addresses.size + (before === undefined ? 1 : 0);
    const more = bytes - (before ?? -overheadBytes);
    // What becomes smaller has always room, and what was there is no new one.
    if ((before === undefined || more > 0) && !this.#hasRoom(share, values, more)) return "no-room-to-keep";
    this.#shares.set(node, share);
    this.#values += values - share.addresses.size;
    this.#bytes += more;
    share.bytes += more;
    share.addresses.add(address);
    return undefined;
  }

  /** A node has nothing at `address` any more, where `bytes` were. */
  free(node: string, address: string, bytes: number): void {
    const share = this.#shares.get(node);
    if (share?.addresses.delete(address) !== true) return;
    share.bytes -= bytes + overheadBytes;
    this.#values -= 1;
    this.#bytes -= bytes + overheadBytes;
    if (share.addresses.size === 0) this.#shares.delete(node);
  }

  addressesOf(node: string): Iterable<string> {
    return this.#shares.get(node)?.addresses ?? [];
  }

  /** Whether a node may have so many values, with so many bytes more than it has. */
  #hasRoom(share: Share, values: number, more: number): boolean {
    const bytes = share.bytes + more;
    if (values <= ownValues && bytes <= ownBytes) return true;
    if (values > keptValuesOfNodeMax || bytes > keptBytesOfNodeMax) return false;
    const all = this.#values + values - share.addresses.size;
    return all <= keptValuesMax && this.#bytes + more <= keptBytesMax;
  }
}
