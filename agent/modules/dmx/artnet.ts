/** ArtDmx of Art-Net 4: one universe of levels. Offsets as in the field table of the protocol's document. */
import { slotCount } from "./engine/slots.ts";

/** 0x1936. */
export const artnetPort = 6454;
/** 15 bits: net (7), sub-net (4), universe (4). */
export const portAddressMax = 0x7fff;
export const netMax = 0x7f;
export const nibbleMax = 0x0f;

const identifier = Buffer.from("Art-Net\0", "latin1");
export const opCodes = { poll: 0x2000, pollReply: 0x2100, dmx: 0x5000, sync: 0x5200 } as const;
const protocolVersion = 14;

const at = {
  identifier: 0,
  opCode: 8,
  protocolVersion: 10,
  sequence: 12,
  physical: 13,
  subUni: 14,
  net: 15,
  length: 16,
  levels: 18,
} as const;

export interface ArtDmx {
  /** 0–32767. */
  readonly portAddress: number;
  /** 1–255; 0: the source does not number its packets. */
  readonly sequence: number;
  readonly levels: Uint8Array;
}

/** Counted from 0, as Art-Net does. */
export interface PortAddressParts {
  readonly net: number;
  readonly subnet: number;
  readonly universe: number;
}

export const portAddressOf = (parts: PortAddressParts): number =>
  (parts.net << 8) | (parts.subnet << 4) | parts.universe;

/** Writes what every packet begins with. A reply to a poll has no version there; it comes later. */
export function artnetHeader(packet: Buffer, opCode: number): void {
  identifier.copy(packet, at.identifier);
  packet.writeUInt16LE(opCode, at.opCode);
  if (opCode !== opCodes.pollReply) packet.writeUInt16BE(protocolVersion, at.protocolVersion);
}

/** What a packet from the wire is; `undefined`: nothing of Art-Net. */
export function opCodeOf(packet: Buffer): number | undefined {
  const isArtnet =
    packet.length >= at.sequence && identifier.equals(packet.subarray(at.identifier, at.opCode));
  return isArtnet ? packet.readUInt16LE(at.opCode) : undefined;
}

/** A packet with 512 slots for this port address, all but the frame filled in. */
export function artDmxPacket(portAddress: number): Buffer {
  const packet = Buffer.alloc(at.levels + slotCount);
  artnetHeader(packet, opCodes.dmx);
  packet.writeUInt8(portAddress & 0xff, at.subUni);
  packet.writeUInt8(portAddress >> 8, at.net);
  packet.writeUInt16BE(slotCount, at.length);
  return packet;
}

/** Writes a frame into a packet made by `artDmxPacket`. */
export function writeArtDmx(packet: Buffer, frame: Pick<ArtDmx, "sequence" | "levels">): void {
  packet.writeUInt8(frame.sequence, at.sequence);
  packet.set(frame.levels, at.levels);
}

/** 1 follows 255: 0 would tell receivers to stop putting packets in order. */
export const nextArtnetSequence = (sequence: number): number => (sequence % 0xff) + 1;

/** An ArtDmx packet from the wire; `undefined` when it is none, or shorter than it says. */
export function decodeArtDmx(bytes: Uint8Array): ArtDmx | undefined {
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (packet.length < at.levels) return undefined;
  const isDmx =
    opCodeOf(packet) === opCodes.dmx && packet.readUInt16BE(at.protocolVersion) >= protocolVersion;
  const length = packet.readUInt16BE(at.length);
  const isWhole =
    length >= 2 && length <= slotCount && length % 2 === 0 && packet.length >= at.levels + length;
  if (!isDmx || !isWhole) return undefined;
  return {
    portAddress: ((packet.readUInt8(at.net) & netMax) << 8) | packet.readUInt8(at.subUni),
    sequence: packet.readUInt8(at.sequence),
    levels: Uint8Array.from(packet.subarray(at.levels, at.levels + length)),
  };
}
