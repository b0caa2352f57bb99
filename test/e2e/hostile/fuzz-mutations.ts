// Ways in which a packet may go wrong: on the wire, in a careless client, in one that speaks another version.

import type { Random } from "@interactor/shared/kernel/random";
import { fixedHeader, packetType } from "./raw-packets.ts";

type Mutation = (packet: Buffer, other: Buffer, below: (count: number) => number) => Buffer;

/** One of the mutations, on a copy. `other` is a packet to splice with. */
export function mutate(packet: Buffer, other: Buffer, random: Random): Buffer {
  const below = (count: number): number => Math.floor(random.next() * count);
  const mutation = mutations[below(mutations.length)];
  if (mutation === undefined) throw new Error("there is no mutation");
  return mutation(Buffer.from(packet), other, below);
}

/** What UTF-8 must not hold (MQTT 3.1.1, 1.5.3): U+0000, a surrogate, an overlong slash, a lone continuation. */
const wrongText = [[0], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0x80], [0xff], [0xf4, 0x90, 0x80, 0x80]] as const;

const mutations: readonly Mutation[] = [
  function flipBits(packet, _other, below) {
    for (let flips = 1 + below(3); flips > 0; flips -= 1) flip(packet, below(packet.length), below(8));
    return packet;
  },
  function flipBitOfBody(packet, _other, below) {
    if (packet.length > 2) flip(packet, 2 + below(packet.length - 2), below(8));
    return packet;
  },
  function lieAboutLength(packet, _other, below) {
    const length = Math.max(0, packet.length - 2 + below(9) - 4);
    return Buffer.concat([
      fixedHeader((packet[0] ?? 0) >> 4, (packet[0] ?? 0) & 15, length),
      packet.subarray(2),
    ]);
  },
  function lieMuchAboutLength(packet, _other, below) {
    const length = [200_000, 270_000, 16_777_216, 268_435_455][below(4)] ?? 0;
    // Seldom: behind it nothing else of a connection is seen.
    return below(4) > 0
      ? packet
      : Buffer.concat([fixedHeader(packetType.publish, 0, length), packet.subarray(2)]);
  },
  function lengthenTheLength(packet, _other, below) {
    // One more byte than needed says the same; a fifth byte is never right.
    const extra = below(4) === 0 ? [0x80, 0x80, 0x80, 0x80, 0x01] : [(packet[1] ?? 0) | 0x80, 0];
    return Buffer.concat([packet.subarray(0, 1), Buffer.from(extra), packet.subarray(2)]);
  },
  function truncate(packet, _other, below) {
    return packet.subarray(0, below(packet.length));
  },
  function emptyTheBody(packet) {
    return Buffer.from([packet[0] ?? 0, 0]);
  },
  function duplicate(packet) {
    return Buffer.concat([packet, packet]);
  },
  function duplicateWithFlag(packet) {
    const again = Buffer.from(packet);
    again.writeUInt8((packet[0] ?? 0) | 0x08, 0);
    return Buffer.concat([packet, again]);
  },
  function splice(packet, other, below) {
    return Buffer.concat([packet.subarray(0, below(packet.length)), other.subarray(below(other.length))]);
  },
  function changeFlags(packet, _other, below) {
    packet.writeUInt8(((packet[0] ?? 0) & 0xf0) | below(16), 0);
    return packet;
  },
  function changeType(packet, _other, below) {
    packet.writeUInt8(((packet[0] ?? 0) & 0x0f) | (below(16) << 4), 0);
    return packet;
  },
  function changeId(packet, _other, below) {
    // Right for acknowledgements and subscriptions; a topic's length for PUBLISH.
    if (packet.length >= 4) packet.writeUInt16BE(below(3) === 0 ? 0 : below(65_536), 2);
    return packet;
  },
  function damageText(packet, _other, below) {
    const wrong = wrongText[below(wrongText.length)] ?? [0];
    const at = 4 + below(Math.max(1, Math.min(packet.length, 24) - 4));
    if (at + wrong.length <= packet.length) packet.set(wrong, at);
    return packet;
  },
  function insertBytes(packet, _other, below) {
    const at = below(packet.length);
    const more = Buffer.from(Array.from({ length: 1 + below(6) }, () => below(256)));
    return Buffer.concat([packet.subarray(0, at), more, packet.subarray(at)]);
  },
  function speakVersion5(packet, _other, below) {
    return Buffer.from(version5[below(version5.length)] ?? packet);
  },
];

function flip(packet: Buffer, at: number, bit: number): void {
  packet.writeUInt8((packet[at] ?? 0) ^ (1 << bit), at);
}

const name5 = [0, 4, 0x4d, 0x51, 0x54, 0x54, 5] as const;
/** Packets of MQTT 5, each with properties. */
const version5: readonly (readonly number[])[] = [
  // CONNECT with a session that lasts, a receive maximum of 0 and a user property.
  [
    0x10,
    29,
    ...name5,
    2,
    0,
    60,
    14,
    0x11,
    0xff,
    0xff,
    0xff,
    0xff,
    0x21,
    0,
    0,
    0x26,
    0,
    1,
    0x61,
    0,
    0,
    0,
    1,
    0x66,
  ],
  // PUBLISH with a topic alias and no topic.
  [0x30, 7, 0, 0, 3, 0x23, 0, 1, 0x78],
  // SUBSCRIBE with a subscription identifier, and options that 3.1.1 reserves.
  [0x82, 9, 0, 1, 2, 0x0b, 1, 0, 1, 0x23, 0x2c],
  // PUBACK and DISCONNECT with a reason, and AUTH.
  [0x40, 4, 0, 1, 0x10, 0],
  [0xe0, 2, 0x81, 0],
  [0xf0, 2, 0x18, 0],
];
