/**
 * How Art-Net 4 finds who sends and who shows what: ArtPoll asks, ArtPollReply answers, one reply a port; and ArtSync,
 * which says when looks that wait are shown. Offsets as in the field tables of the protocol's document.
 */
import { artnetHeader, artnetPort, opCodeOf, opCodes, portAddressMax } from "./artnet.ts";
import { textIn } from "./sacn.ts";

const replyAt = {
  address: 10,
  port: 14,
  version: 16,
  net: 18,
  subnet: 19,
  oem: 20,
  status1: 23,
  esta: 24,
  shortName: 26,
  longName: 44,
  report: 108,
  portCount: 172,
  portTypes: 174,
  goodInput: 178,
  goodOutput: 182,
  swIn: 186,
  swOut: 190,
  style: 200,
  mac: 201,
  bindAddress: 207,
  bindIndex: 211,
  status2: 212,
} as const;
const replyLength = 239;
/** Art-Net II and older end here, or even before; what such a node misses is 0. */
const replyLengthMin = 207;
const replyPortsMax = 4;
const namesMax = { short: 17, long: 63 } as const;

/** OemUnknown: we have no code of our own. */
const oemUnknown = 0x00ff;
/** "Reply whenever something changes" of ArtPoll's flags, and "only who is in this range of port addresses". */
const pollFlags = { onChange: 0x02, targeted: 0x20 } as const;
const pollLength = { bare: 14, targeted: 18 } as const;
/** In PortTypes: the port shows what comes from Art-Net, or sends into it; DMX512 is kind 0. */
const portKind = { shows: 0x80, sends: 0x40 } as const;
/** In Status2: port addresses have 15 bits. */
const status2Wide = 0x08;
/** StNode: shows what it gets. StController: sends. */
const styles = { node: 0x00, controller: 0x01 } as const;

export interface ArtPoll {
  /** Only who has a port in here is asked. */
  readonly from: number;
  readonly to: number;
}

export interface ArtPollReply {
  /** Four numbers with dots. */
  readonly address: string;
  readonly shortName: string;
  /** Port addresses that this node shows, that it wants to be sent. */
  readonly shows: readonly number[];
  /** Port addresses that it sends. */
  readonly sends: readonly number[];
}

export function artPollPacket(): Buffer {
  const packet = Buffer.alloc(pollLength.bare);
  artnetHeader(packet, opCodes.poll);
  packet.writeUInt8(pollFlags.onChange, 12);
  return packet;
}

export function artSyncPacket(): Buffer {
  const packet = Buffer.alloc(14);
  artnetHeader(packet, opCodes.sync);
  return packet;
}

export function decodeArtPoll(packet: Buffer): ArtPoll | undefined {
  if (opCodeOf(packet) !== opCodes.poll || packet.length < pollLength.bare) return undefined;
  const isTargeted =
    (packet.readUInt8(12) & pollFlags.targeted) !== 0 && packet.length >= pollLength.targeted;
  if (!isTargeted) return { from: 0, to: portAddressMax };
  return { to: packet.readUInt16BE(14), from: packet.readUInt16BE(16) };
}

export const isArtSync = (packet: Buffer): boolean => opCodeOf(packet) === opCodes.sync;

export interface OwnPort {
  readonly portAddress: number;
  readonly direction: "shows" | "sends";
}

export interface OwnNode {
  /** Four numbers with dots. */
  readonly address: string;
  readonly name: string;
  readonly report: string;
}

/** The reply about one port of ours; `index` counts them from 1. */
export function artPollReplyPacket(node: OwnNode, port: OwnPort, index: number): Buffer {
  const packet = Buffer.alloc(replyLength);
  artnetHeader(packet, opCodes.pollReply);
  const address = node.address.split(".").map(Number);
  packet.set(address, replyAt.address);
  packet.writeUInt16LE(artnetPort, replyAt.port);
  packet.writeUInt16BE(0, replyAt.version);
  packet.writeUInt8(port.portAddress >> 8, replyAt.net);
  packet.writeUInt8((port.portAddress >> 4) & 0x0f, replyAt.subnet);
  packet.writeUInt16BE(oemUnknown, replyAt.oem);
  packet.write(node.name, replyAt.shortName, namesMax.short, "latin1");
  packet.write(node.name, replyAt.longName, namesMax.long, "latin1");
  packet.write(node.report, replyAt.report, namesMax.long, "latin1");
  packet.writeUInt16BE(1, replyAt.portCount);
  packet.writeUInt8(portKind[port.direction], replyAt.portTypes);
  const switchAt = port.direction === "shows" ? replyAt.swOut : replyAt.swIn;
  packet.writeUInt8(port.portAddress & 0x0f, switchAt);
  // Bit 7 of either: data goes through this port.
  packet.writeUInt8(0x80, port.direction === "shows" ? replyAt.goodOutput : replyAt.goodInput);
  packet.writeUInt8(port.direction === "shows" ? styles.node : styles.controller, replyAt.style);
  packet.set(address, replyAt.bindAddress);
  packet.writeUInt8(index, replyAt.bindIndex);
  packet.writeUInt8(status2Wide, replyAt.status2);
  return packet;
}

/** A reply from the wire; `undefined` when it is none or too short. */
export function decodeArtPollReply(packet: Buffer): ArtPollReply | undefined {
  if (opCodeOf(packet) !== opCodes.pollReply || packet.length < replyLengthMin) return undefined;
  const base =
    ((packet.readUInt8(replyAt.net) & 0x7f) << 8) | ((packet.readUInt8(replyAt.subnet) & 0x0f) << 4);
  const ports = Math.min(packet.readUInt16BE(replyAt.portCount), replyPortsMax);
  const found = { shows: [] as number[], sends: [] as number[] };
  for (let port = 0; port < ports; port += 1) {
    const kind = packet.readUInt8(replyAt.portTypes + port);
    if ((kind & portKind.shows) !== 0)
      found.shows.push(base | (packet.readUInt8(replyAt.swOut + port) & 0x0f));
    if ((kind & portKind.sends) !== 0)
      found.sends.push(base | (packet.readUInt8(replyAt.swIn + port) & 0x0f));
  }
  return {
    address: [...packet.subarray(replyAt.address, replyAt.port)].join("."),
    shortName: textIn(packet.subarray(replyAt.shortName, replyAt.longName)),
    ...found,
  };
}
