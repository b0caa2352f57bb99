// MQTT 3.1.1 packets as bytes, without a client that would keep us from writing wrong ones.

export const packetType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

export type Qos = 0 | 1 | 2;

export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly isRetained: boolean;
}

export interface ConnectOptions {
  readonly clean?: boolean;
  readonly keepalive?: number;
  readonly will?: Will;
}

const nothing = Buffer.alloc(0);

export function connectPacket(
  id: string,
  { clean = true, keepalive = 0, will }: ConnectOptions = {},
): Buffer {
  const willFlags = will === undefined ? 0 : 0x04 | (will.isRetained ? 0x20 : 0);
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, (clean ? 2 : 0) | willFlags, 0, 0]);
  head.writeUInt16BE(keepalive, 8);
  const last = will === undefined ? nothing : Buffer.concat([field(will.topic), field(will.payload)]);
  return packet(packetType.connect, 0, head, field(id), last);
}

export interface PublishOptions {
  readonly qos?: Qos;
  readonly id?: number;
  readonly isRetained?: boolean;
}

export function publishPacket(
  topic: string,
  payload: Uint8Array,
  { qos = 0, id = 1, isRetained = false }: PublishOptions = {},
): Buffer {
  const flags = (qos << 1) | (isRetained ? 1 : 0);
  return packet(packetType.publish, flags, field(topic), qos === 0 ? nothing : number16(id), payload);
}

export function subscribePacket(id: number, filters: readonly string[], qos: Qos = 0): Buffer {
  const asked = filters.flatMap((filter) => [field(filter), Buffer.from([qos])]);
  return packet(packetType.subscribe, 2, number16(id), ...asked);
}

export function unsubscribePacket(id: number, filters: readonly string[]): Buffer {
  return packet(packetType.unsubscribe, 2, number16(id), ...filters.map((filter) => field(filter)));
}

export type Acknowledgement = "puback" | "pubrec" | "pubrel" | "pubcomp";

export function acknowledgePacket(kind: Acknowledgement, id: number): Buffer {
  return packet(packetType[kind], kind === "pubrel" ? 2 : 0, number16(id));
}

export const pingPacket = (): Buffer => packet(packetType.pingreq, 0);

export const disconnectPacket = (): Buffer => packet(packetType.disconnect, 0);

/** A fixed header that promises `length` bytes, whatever follows. */
export function fixedHeader(type: number, flags: number, length: number): Buffer {
  const bytes = [(type << 4) | flags];
  let left = length;
  do {
    const rest = Math.floor(left / 128);
    bytes.push((left % 128) | (rest > 0 ? 128 : 0));
    left = rest;
  } while (left > 0);
  return Buffer.from(bytes);
}

function packet(type: number, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([fixedHeader(type, flags, length), ...parts]);
}

/** A string or bytes behind their length in two bytes. */
function field(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number16(bytes.length), bytes]);
}

function number16(value: number): Buffer {
  return Buffer.from([(value >> 8) & 255, value & 255]);
}

/** One whole packet that a broker sent. */
export interface Received {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** Cuts what a broker sends into packets. */
export class PacketCutter {
  #waiting: Buffer = nothing;

  take(chunk: Buffer, found: (packet: Received) => void): void {
    this.#waiting = this.#waiting.length === 0 ? chunk : Buffer.concat([this.#waiting, chunk]);
    for (;;) {
      const bytes = this.#waiting;
      const { length, body } = lengthIn(bytes);
      const first = bytes[0];
      if (first === undefined || body === 0 || bytes.length < body + length) return;
      this.#waiting = bytes.subarray(body + length);
      found({ type: first >> 4, flags: first & 15, body: bytes.subarray(body, body + length) });
    }
  }
}

/** `body` 0: the header is not whole yet. */
function lengthIn(bytes: Buffer): { readonly length: number; readonly body: number } {
  let length = 0;
  for (let at = 1; at < Math.min(bytes.length, 5); at += 1) {
    const byte = bytes[at] ?? 0;
    length += (byte & 127) * 128 ** (at - 1);
    if (byte < 128) return { length, body: at + 1 };
  }
  return { length, body: 0 };
}

/** The packet identifier of a PUBLISH at QoS 1 or 2. */
export function publishId(body: Buffer): number {
  return body.readUInt16BE(2 + body.readUInt16BE(0));
}
