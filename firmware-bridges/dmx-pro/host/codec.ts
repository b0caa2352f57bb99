/** Frames of a widget that speaks as the Enttec DMX USB Pro does: PROTOCOL.md. */

/** Labels of Enttec's, and two of ours. */
export const labels = {
  getParameters: 3,
  setParameters: 4,
  sendDmx: 6,
  getSerial: 10,
  getManufacturer: 77,
  getDevice: 78,
  setGuard: 84,
  setScene: 85,
} as const;

const frameBegin = 0x7e;
const frameEnd = 0xe7;
/** A longer frame is none: pass over. */
const payloadBytesMax = 600;

export function encodeWidgetFrame(label: number, payload: Uint8Array = new Uint8Array()): Uint8Array {
  return Uint8Array.of(frameBegin, label, payload.length & 0xff, payload.length >>> 8, ...payload, frameEnd);
}

/** `slots`: 1 to 512 levels, slot 1 first. The start code is added here. */
export function encodeDmx(slots: Uint8Array): Uint8Array {
  return encodeWidgetFrame(labels.sendDmx, Uint8Array.of(0, ...slots));
}

/** The line goes dark when there was no frame for `millis`, or to `scene`; 0: it holds the last frame. */
export function encodeGuard(millis: number, scene?: Uint8Array): Uint8Array {
  const guard = encodeWidgetFrame(
    labels.setGuard,
    Uint8Array.of(millis & 0xff, millis >>> 8, scene === undefined ? 0 : 1),
  );
  if (scene === undefined) return guard;
  return Uint8Array.of(...encodeWidgetFrame(labels.setScene, Uint8Array.of(0, ...scene)), ...guard);
}

/** Finds a widget's frames in bytes as they come; what is none is passed over. */
export class WidgetReader {
  readonly #take: (label: number, payload: Uint8Array) => void;
  #held = new Uint8Array();

  /** The payload is the taker's own. */
  constructor(take: (label: number, payload: Uint8Array) => void) {
    this.#take = take;
  }

  push(bytes: Uint8Array): void {
    this.#held = Uint8Array.of(...this.#held, ...bytes);
    for (;;) {
      const begin = this.#held.indexOf(frameBegin);
      this.#held = begin < 0 ? new Uint8Array() : this.#held.slice(begin);
      const [, label = 0, low = 0, high = 0] = this.#held;
      const length = low | (high << 8);
      const end = length + 4;
      if (this.#held.length < 4) return;
      if (length <= payloadBytesMax && this.#held.length <= end) return;
      if (length <= payloadBytesMax && this.#held[end] === frameEnd) {
        this.#take(label, this.#held.slice(4, end));
        this.#held = this.#held.slice(end + 1);
      } else this.#held = this.#held.slice(1);
    }
  }
}
