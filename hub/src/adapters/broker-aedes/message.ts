/** A message on its way through the broker, and the PUBLISH packets it becomes (MQTT 3.1.1 section 3.3). */
import type { Qos } from "../../ports/broker-store.ts";

export interface Routed {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** Flags of the first byte of PUBLISH. */
export const publishFlag = { packet: 0x30, retain: 1, duplicate: 8 } as const;

/** Valid until the turn of the event loop ends: topic and payload may lie in what a socket has just read. */
export class Message implements Routed {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
  /** It says how something is now: a newer one takes its place where it waits. */
  readonly isState: boolean;
  readonly #topicBytes: Buffer;
  #shared: Buffer | undefined;
  #waiting: Buffer | undefined;

  /** `topicBytes`: the topic as it came, so that nobody encodes it again. */
  constructor({ topic, payload, qos, retain }: Routed, topicBytes?: Buffer, isState = false) {
    this.isState = isState;
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    this.#topicBytes = topicBytes ?? Buffer.from(topic);
  }

  /** The packet at QoS 0 for those who subscribed: made once, the same bytes for everybody. */
  sharedPacket(): Buffer {
    return (this.#shared ??= encodePublish(this.#topicBytes, this, 0, false, pooled));
  }

  /** The same for those whose socket takes nothing: not from the pool, because it may be kept. */
  waitingPacket(): Buffer {
    return (this.#waiting ??= this.packet(0, false));
  }

  /** A packet of its own, to be kept; at QoS 1 and 2 its id is still to be written, by `setPacketId`. */
  packet(qos: Qos, retain: boolean): Buffer {
    // Not from the pool: there one byte that is kept would keep the 64 KB around it.
    return encodePublish(this.#topicBytes, this, qos, retain, apart);
  }
}

const pooled = (size: number): Buffer => Buffer.allocUnsafe(size);
const apart = (size: number): Buffer => Buffer.allocUnsafeSlow(size);

function encodePublish(
  topic: Buffer,
  { payload }: Routed,
  qos: Qos,
  retain: boolean,
  allocate: (size: number) => Buffer,
): Buffer {
  const length = 2 + topic.length + (qos > 0 ? 2 : 0) + payload.length;
  const size = 1 + (length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4) + length;
  const bytes = allocate(size);
  bytes[0] = publishFlag.packet | (qos << 1) | (retain ? publishFlag.retain : 0);
  let at = 1;
  for (let rest = length; ; rest >>>= 7) {
    bytes[at++] = rest > 127 ? (rest & 127) | 128 : rest;
    if (rest <= 127) break;
  }
  bytes[at] = topic.length >> 8;
  bytes[at + 1] = topic.length;
  at += 2;
  at += topic.copy(bytes, at);
  if (qos > 0) {
    bytes[at] = 0;
    bytes[at + 1] = 0;
    at += 2;
  }
  payload.copy(bytes, at);
  return bytes;
}

/** Writes the id into a packet made by `packet(1 | 2)`. */
export function setPacketId(packet: Buffer, packetId: number): void {
  let at = 1;
  while ((packet[at] ?? 0) > 127) at += 1;
  const topicLength = packet.readUInt16BE(at + 1);
  packet.writeUInt16BE(packetId, at + 3 + topicLength);
}
