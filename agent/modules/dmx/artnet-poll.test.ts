import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  artPollPacket,
  artPollReplyPacket,
  artSyncPacket,
  decodeArtPoll,
  decodeArtPollReply,
  isArtSync,
} from "./artnet-poll.ts";
import { artDmxPacket, decodeArtDmx } from "./artnet.ts";

const node = { address: "10.0.1.77", name: "pi/stage (Interactor)", report: "#0001 [1] running" };

test("a poll has the bytes of Art-Net 4 and asks everybody", () => {
  const packet = artPollPacket();

  expect(packet.toString("hex")).toBe("4172742d4e6574000020000e0200");
  expect(decodeArtPoll(packet)).toEqual({ from: 0, to: 0x7fff });
});

test("a targeted poll names the port addresses it asks", () => {
  const packet = Buffer.concat([artPollPacket(), Buffer.from("01200110", "hex")]);
  packet.writeUInt8(0x20, 12);

  expect(decodeArtPoll(packet)).toEqual({ from: 0x110, to: 0x120 });
});

describe("a reply", () => {
  test("says what the node shows, at the offsets of the field table", () => {
    const packet = artPollReplyPacket(node, { portAddress: 0x1234, direction: "shows" }, 2);

    expect(packet).toHaveLength(239);
    expect(packet.subarray(0, 20).toString("hex")).toBe("4172742d4e65740000210a00014d361900001203");
    expect(packet.toString("latin1", 26, 43)).toBe("pi/stage (Interac");
    expect([packet.readUInt16BE(172), packet[174], packet[190], packet[211]]).toEqual([1, 0x80, 4, 2]);
  });

  test("comes back from the decoder as it went in", () => {
    fc.assert(
      fc.property(fc.nat(0x7fff), fc.constantFrom("shows", "sends"), (portAddress, direction) => {
        const reply = decodeArtPollReply(artPollReplyPacket(node, { portAddress, direction }, 1));

        expect(reply).toEqual({
          address: node.address,
          shortName: "pi/stage (Interac",
          shows: [],
          sends: [],
          [direction]: [portAddress],
        });
      }),
    );
  });

  test("of a node with four ports has them all, and no more of one that claims to have more", () => {
    const packet = artPollReplyPacket(node, { portAddress: 0x10, direction: "shows" }, 1);
    packet.writeUInt16BE(9, 172);
    for (let port = 0; port < 4; port += 1) {
      packet.writeUInt8(0x80, 174 + port);
      packet.writeUInt8(port, 190 + port);
    }

    expect(decodeArtPollReply(packet)?.shows).toEqual([0x10, 0x11, 0x12, 0x13]);
  });
});

test("each packet is taken for what it is and for nothing else, and cut ones for nothing", () => {
  const packets = [
    artPollPacket(),
    artSyncPacket(),
    artPollReplyPacket(node, { portAddress: 1, direction: "shows" }, 1),
    artDmxPacket(1),
  ];
  const readers = [decodeArtPoll, isArtSync, decodeArtPollReply, decodeArtDmx];

  expect(packets.map((packet) => readers.map((read) => Boolean(read(packet))))).toEqual([
    [true, false, false, false],
    [false, true, false, false],
    [false, false, true, false],
    [false, false, false, true],
  ]);
  for (const packet of packets) {
    for (let length = 0; length < 14; length += 1) {
      const cut = packet.subarray(0, length);
      expect([decodeArtPoll(cut), decodeArtPollReply(cut), decodeArtDmx(cut)]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
  }
});
