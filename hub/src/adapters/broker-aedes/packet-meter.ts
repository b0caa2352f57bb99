/**
 * Follows the lengths of MQTT packets in a byte stream (MQTT 3.1.1 section 2.2), without keeping any of it. The
 * parser behind it gathers a packet whole, up to the 256 MB that MQTT allows: a few clients could fill the memory
 * of the hub before any rule of ours is asked.
 */
export class PacketMeter {
  readonly #packetBytesMax: number;
  /** Bytes of the current packet that are still to come; `undefined` inside its fixed header. */
  #left: number | undefined;
  /** What of the remaining length has been read: its value, and the weight of its next seven bits (0: none yet). */
  #length = 0;
  #weight = 0;

  constructor(packetBytesMax: number) {
    this.#packetBytesMax = packetBytesMax;
  }

  /** `false`: a packet in `chunk` claims to be longer than the limit, or its length is none. */
  accepts(chunk: Uint8Array): boolean {
    let position = 0;
    while (position < chunk.length) {
      if (this.#left !== undefined) {
        const step = Math.min(this.#left, chunk.length - position);
        position += step;
        this.#left = this.#left === step ? undefined : this.#left - step;
        continue;
      }
      if (!this.#header(chunk[position] ?? 0)) return false;
      position += 1;
    }
    return true;
  }

  #header(byte: number): boolean {
    if (this.#weight === 0) {
      this.#weight = 1;
      this.#length = 0;
      return true;
    }
    this.#length += (byte & 127) * this.#weight;
    this.#weight *= 128;
    if (this.#length > this.#packetBytesMax || this.#weight > 128 ** 4) return false;
    if (byte < 128) {
      this.#weight = 0;
      this.#left = this.#length === 0 ? undefined : this.#length;
    }
    return true;
  }
}
