/**
 * The data packet of ANSI E1.31-2018 (streaming ACN): offsets and vectors as in its field
 * tables. A source writes the fixed part once and then only what changes from frame to frame.
 */
import { createHash } from "node:crypto";
import { slotCount } from "./engine/slots.ts";

/** ACN_SDT_MULTICAST_PORT. */
export const sacnPort = 5568;
export const sacnUniverseMax = 63_999;
export const sacnPriorityMax = 200;
/** The field is 64 bytes of UTF-8 and ends with a zero. */
export const sourceNameBytesMax = 63;

export const packetIdentifier = Buffer.from("ASC-E1.17\0\0\0", "latin1");
const vectorRootData = 0x0000_0004;
const vectorFramingData = 0x0000_0002;
const vectorDmpSetProperty = 0x02;
/** Addresses and data are ranges of equal size, each address 16 bits. */
const dmpAddressType = 0xa1;
const optionPreview = 0x80;
const optionStreamTerminated = 0x40;
/** The upper 4 bits of every length field. */
export const pduFlags = 0x7000;
const pduLengthMask = 0x0fff;

const at = {
  preambleSize: 0,
  postambleSize: 2,
  identifier: 4,
  rootLength: 16,
  rootVector: 18,
  cid: 22,
  framingLength: 38,
  framingVector: 40,
  sourceName: 44,
  priority: 108,
  synchronization: 109,
  sequence: 111,
  options: 112,
  universe: 113,
  dmpLength: 115,
  dmpVector: 117,
  dmpAddressType: 118,
  firstProperty: 119,
  propertyIncrement: 121,
  propertyCount: 123,
  startCode: 125,
  slots: 126,
} as const;

/** What the slots of a packet hold. */
export const startCodes = {
  levels: 0,
  /** ETC's extension that receivers know by now: a priority for each slot, 0 where the source does not drive it. */
  priorities: 0xdd,
} as const;

export interface SacnSource {
  /** 16 bytes. */
  readonly cid: Uint8Array;
  /** At most 63 bytes of UTF-8. */
  readonly sourceName: string;
  readonly universe: number;
  readonly priority: number;
  /** The universe whose synchronization packets say when to show the look; 0: at once. */
  readonly synchronization: number;
}

export interface SacnFrame {
  readonly levels: Uint8Array;
  /** 0–255. */
  readonly sequence: number;
  readonly isTerminated: boolean;
}

export interface SacnData extends SacnSource, SacnFrame {
  readonly isPreview: boolean;
  /** Of `startCodes`; anything else is no light. */
  readonly startCode: number;
}

/** A packet of this source with 512 slots, all but the frame filled in. */
export function sacnPacket(source: SacnSource, startCode: number = startCodes.levels): Buffer {
  const packet = Buffer.alloc(at.slots + slotCount);
  packet.writeUInt16BE(0x0010, at.preambleSize);
  packetIdentifier.copy(packet, at.identifier);
  packet.writeUInt16BE(pduFlags | (packet.length - at.rootLength), at.rootLength);
  packet.writeUInt32BE(vectorRootData, at.rootVector);
  packet.set(source.cid, at.cid);
  packet.writeUInt16BE(pduFlags | (packet.length - at.framingLength), at.framingLength);
  packet.writeUInt32BE(vectorFramingData, at.framingVector);
  packet.write(source.sourceName, at.sourceName, sourceNameBytesMax, "utf8");
  packet.writeUInt8(source.priority, at.priority);
  packet.writeUInt16BE(source.synchronization, at.synchronization);
  packet.writeUInt16BE(source.universe, at.universe);
  packet.writeUInt16BE(pduFlags | (packet.length - at.dmpLength), at.dmpLength);
  packet.writeUInt8(vectorDmpSetProperty, at.dmpVector);
  packet.writeUInt8(dmpAddressType, at.dmpAddressType);
  packet.writeUInt16BE(1, at.propertyIncrement);
  packet.writeUInt16BE(1 + slotCount, at.propertyCount);
  packet.writeUInt8(startCode, at.startCode);
  return packet;
}

/** Writes a frame into a packet made by `sacnPacket`. */
export function writeSacn(packet: Buffer, frame: SacnFrame): void {
  packet.writeUInt8(frame.sequence, at.sequence);
  packet.writeUInt8(frame.isTerminated ? optionStreamTerminated : 0, at.options);
  packet.set(frame.levels, at.slots);
}

export const nextSacnSequence = (sequence: number): number => (sequence + 1) & 0xff;

/**
 * Whether it is worth while to decode the packet for this universe: each packet comes to every instance of the worker,
 * and most concern another one.
 */
export function mayBeOfUniverse(packet: Buffer, universe: number): boolean {
  return packet.length >= at.slots && packet.readUInt16BE(at.universe) === universe;
}

/** A data packet from the wire; `undefined` when it is none, or its lengths contradict each other. */
export function decodeSacn(bytes: Uint8Array): SacnData | undefined {
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (packet.length < at.slots || packet.length > at.slots + slotCount) return undefined;
  const isData =
    packet.readUInt16BE(at.preambleSize) === 0x0010 &&
    packet.readUInt16BE(at.postambleSize) === 0 &&
    packetIdentifier.equals(packet.subarray(at.identifier, at.rootLength)) &&
    packet.readUInt32BE(at.rootVector) === vectorRootData &&
    packet.readUInt32BE(at.framingVector) === vectorFramingData &&
    packet.readUInt8(at.dmpVector) === vectorDmpSetProperty &&
    packet.readUInt8(at.dmpAddressType) === dmpAddressType &&
    packet.readUInt16BE(at.firstProperty) === 0 &&
    packet.readUInt16BE(at.propertyIncrement) === 1;
  const isWhole =
    [at.rootLength, at.framingLength, at.dmpLength].every((field) => lengthAt(packet, field)) &&
    packet.readUInt16BE(at.propertyCount) === packet.length - at.startCode;
  return isData && isWhole ? fieldsOf(packet) : undefined;
}

/** Whether a PDU's length field reaches exactly to the end of the packet. */
function lengthAt(packet: Buffer, field: number): boolean {
  return (packet.readUInt16BE(field) & pduLengthMask) === packet.length - field;
}

/** The text of a field that ends with a zero, if it is shorter than the field. */
export function textIn(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? field.length : end);
}

function fieldsOf(packet: Buffer): SacnData | undefined {
  const options = packet.readUInt8(at.options);
  const universe = packet.readUInt16BE(at.universe);
  const priority = packet.readUInt8(at.priority);
  if (universe < 1 || universe > sacnUniverseMax || priority > sacnPriorityMax) return undefined;
  return {
    cid: Uint8Array.from(packet.subarray(at.cid, at.framingLength)),
    sourceName: textIn(packet.subarray(at.sourceName, at.priority)),
    universe,
    priority,
    synchronization: packet.readUInt16BE(at.synchronization),
    sequence: packet.readUInt8(at.sequence),
    isPreview: (options & optionPreview) !== 0,
    isTerminated: (options & optionStreamTerminated) !== 0,
    startCode: packet.readUInt8(at.startCode),
    levels: Uint8Array.from(packet.subarray(at.slots)),
  };
}

/** The multicast group of a universe (E1.31 section 9.3.1): 239.255, then its number, high byte first. */
export const sacnGroup = (universe: number): string => `239.255.${universe >> 8}.${universe & 0xff}`;

/** The namespace of our CIDs, drawn once at random. A different one would make every source a new one. */
const cidNamespace = Buffer.from("5b0d5c3f6a1e4c0f9b7a2d8e41c3f6a9", "hex");

/**
 * A source's component identifier: a name-based UUID (RFC 9562 version 5), so that it stays the same over
 * restarts, as E1.31 asks of a component, without anything to keep on disk.
 */
export function sourceCid(name: string): Uint8Array {
  const cid = createHash("sha1").update(cidNamespace).update(name, "utf8").digest().subarray(0, 16);
  cid.writeUInt8((cid.readUInt8(6) & 0x0f) | 0x50, 6);
  cid.writeUInt8((cid.readUInt8(8) & 0x3f) | 0x80, 8);
  return Uint8Array.from(cid);
}

/** `text` cut to what the source name's field holds, between characters. */
export function fitSourceName(text: string): string {
  let fitted = "";
  for (const character of text) {
    if (Buffer.byteLength(fitted + character) > sourceNameBytesMax) break;
    fitted += character;
  }
  return fitted;
}
