/** Frames of a widget that speaks as the Enttec DMX USB Pro does: PROTOCOL.md. */

/** Labels of Enttec's, and two of ours. */
export const labels = {
  getParameters: 3,
  setParameters: 4,
  receivedDmx: 5,
  sendDmx: 6,
  receiveDmx: 8,
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
const slotsMax = 512;

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

/** The widget lets go of the line and tells every frame that it hears there, not only those that are new. */
export function encodeReceive(): Uint8Array {
  return encodeWidgetFrame(labels.receiveDmx, Uint8Array.of(0));
}

/**
 * The levels of a packet that the widget has heard, slot 1 first; `undefined`: it says that it lost some of them, they
 * are not levels (another start code), or there are none.
 */
export function receivedLevels(payload: Uint8Array): Uint8Array | undefined {
  const [status, startCode, ...levels] = payload;
  if (status !== 0 || startCode !== 0 || levels.length < 1 || levels.length > slotsMax) return undefined;
  return Uint8Array.from(levels);
}

/** Finds a widget's frames in bytes as they come; what is none is passed over. */
export class WidgetReader {
  readonly #take: (label: number, payload: Uint8Array) => void;
  /** The beginning of a frame, of one at most. */
  #held = new Uint8Array();

  /** The payload is the taker's own. */
  constructor(take: (label: number, payload: Uint8Array) => void) {
    this.#take = take;
  }

  push(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    // By places, so that a flood of beginnings is looked at once and not copied for each.
    let at = all.indexOf(frameBegin);
    for (; at >= 0 && all.length - at >= 4; at = all.indexOf(frameBegin, at)) {
      const length = (all[at + 2] ?? 0) | ((all[at + 3] ?? 0) << 8);
      const end = at + length + 4;
      if (length <= payloadBytesMax && end >= all.length) break;
      if (length <= payloadBytesMax && all[end] === frameEnd) {
        this.#take(all[at + 1] ?? 0, all.slice(at + 4, end));
        at = end + 1;
      } else at += 1;
    }
    this.#held = at < 0 ? new Uint8Array() : all.slice(at);
  }
}
