/**
 * The extended packets of ANSI E1.31-2018: synchronization (section 6.3), which says when looks that wait are shown, and
 * universe discovery (section 8), in which a source lists what it sends.
 */
import { packetIdentifier, pduFlags, sourceNameBytesMax, textIn } from "./sacn.ts";

/** E131_DISCOVERY_UNIVERSE: nobody sends levels there. */
export const discoveryUniverse = 64_214;
/** Universes that one page of a discovery holds (section 8.5). */
const pageMax = 512;

const vectorRootExtended = 0x0000_0008;
const vectorSynchronization = 0x0000_0001;
const vectorDiscovery = 0x0000_0002;
const vectorUniverseList = 0x0000_0001;

const at = {
  preambleSize: 0,
  postambleSize: 2,
  identifier: 4,
  rootLength: 16,
  rootVector: 18,
  cid: 22,
  framingLength: 38,
  framingVector: 40,
  // Of a synchronization:
  sequence: 44,
  synchronization: 45,
  synchronizationEnd: 49,
  // Of a discovery:
  sourceName: 44,
  sourceNameEnd: 108,
  listLength: 112,
  listVector: 114,
  page: 118,
  lastPage: 119,
  universes: 120,
} as const;

export interface SacnSynchronization {
  readonly kind: "synchronization";
  /** 16 bytes. */
  readonly cid: Uint8Array;
  /** The universe that data packets name. */
  readonly universe: number;
  /** 0–255. */
  readonly sequence: number;
}

export interface SacnDiscovery {
  readonly kind: "discovery";
  readonly cid: Uint8Array;
  readonly sourceName: string;
  readonly page: number;
  readonly lastPage: number;
  /** Ascending. */
  readonly universes: readonly number[];
}

function begun(length: number, cid: Uint8Array, framingVector: number): Buffer {
  const packet = Buffer.alloc(length);
  packet.writeUInt16BE(0x0010, at.preambleSize);
  packetIdentifier.copy(packet, at.identifier);
  packet.writeUInt16BE(pduFlags | (length - at.rootLength), at.rootLength);
  packet.writeUInt32BE(vectorRootExtended, at.rootVector);
  packet.set(cid, at.cid);
  packet.writeUInt16BE(pduFlags | (length - at.framingLength), at.framingLength);
  packet.writeUInt32BE(framingVector, at.framingVector);
  return packet;
}

export function synchronizationPacket({
  cid,
  universe,
  sequence,
}: Omit<SacnSynchronization, "kind">): Buffer {
  const packet = begun(at.synchronizationEnd, cid, vectorSynchronization);
  packet.writeUInt8(sequence, at.sequence);
  packet.writeUInt16BE(universe, at.synchronization);
  return packet;
}

/** One page: a source of ours has at most that many universes. */
export function discoveryPacket(source: Pick<SacnDiscovery, "cid" | "sourceName" | "universes">): Buffer {
  const universes = source.universes.toSorted((a, b) => a - b).slice(0, pageMax);
  const packet = begun(at.universes + 2 * universes.length, source.cid, vectorDiscovery);
  packet.write(source.sourceName, at.sourceName, sourceNameBytesMax, "utf8");
  packet.writeUInt16BE(pduFlags | (packet.length - at.listLength), at.listLength);
  packet.writeUInt32BE(vectorUniverseList, at.listVector);
  for (const [index, universe] of universes.entries()) {
    packet.writeUInt16BE(universe, at.universes + 2 * index);
  }
  return packet;
}

/** An extended packet from the wire; `undefined` when it is none, or its lengths contradict each other. */
export function decodeExtended(bytes: Uint8Array): SacnSynchronization | SacnDiscovery | undefined {
  const packet = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // First, because it is seldom so, and nothing else need be looked at then.
  if (packet.length < at.synchronizationEnd || packet.readUInt32BE(at.rootVector) !== vectorRootExtended)
    return undefined;
  const isExtended =
    packet.readUInt16BE(at.preambleSize) === 0x0010 &&
    packet.readUInt16BE(at.postambleSize) === 0 &&
    packetIdentifier.equals(packet.subarray(at.identifier, at.rootLength)) &&
    reaches(packet, at.rootLength) &&
    reaches(packet, at.framingLength);
  if (!isExtended) return undefined;
  const vector = packet.readUInt32BE(at.framingVector);
  if (vector === vectorSynchronization) return synchronizationIn(packet);
  return vector === vectorDiscovery ? discoveryIn(packet) : undefined;
}

/** Whether a PDU's length field reaches exactly to the end of the packet. */
const reaches = (packet: Buffer, field: number): boolean =>
  packet.readUInt16BE(field) === (pduFlags | (packet.length - field));

const cidIn = (packet: Buffer): Uint8Array => Uint8Array.from(packet.subarray(at.cid, at.framingLength));

function synchronizationIn(packet: Buffer): SacnSynchronization | undefined {
  if (packet.length !== at.synchronizationEnd) return undefined;
  return {
    kind: "synchronization",
    cid: cidIn(packet),
    universe: packet.readUInt16BE(at.synchronization),
    sequence: packet.readUInt8(at.sequence),
  };
}

function discoveryIn(packet: Buffer): SacnDiscovery | undefined {
  const count = (packet.length - at.universes) / 2;
  if (count < 0 || !Number.isInteger(count) || count > pageMax || !reaches(packet, at.listLength))
    return undefined;
  if (packet.readUInt32BE(at.listVector) !== vectorUniverseList) return undefined;
  return {
    kind: "discovery",
    cid: cidIn(packet),
    sourceName: textIn(packet.subarray(at.sourceName, at.sourceNameEnd)),
    page: packet.readUInt8(at.page),
    lastPage: packet.readUInt8(at.lastPage),
    universes: Array.from({ length: count }, (_, index) => packet.readUInt16BE(at.universes + 2 * index)),
  };
}
