import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  artDmxPacket,
  decodeArtDmx,
  nextArtnetSequence,
  portAddressMax,
  portAddressOf,
  writeArtDmx,
} from "./artnet.ts";
import { slotCount } from "./engine/slots.ts";

const ramp = Uint8Array.from({ length: slotCount }, (_, slot) => slot & 0xff);

function packetOf(portAddress: number, sequence = 1): Buffer {
  const packet = artDmxPacket(portAddress);
  writeArtDmx(packet, { sequence, levels: ramp });
  return packet;
}

describe("an ArtDmx packet", () => {
  test("has every field where the protocol's table puts it", () => {
    const hex = packetOf(0x1234, 0xfe).toString("hex");

    const fields = [
      "4172742d4e657400", // 0: Art-Net
      "0050", // 8: OpDmx, low byte first
      "000e", // 10: protocol version 14
      "fe", // 12: sequence
      "00", // 13: physical port
      "34", // 14: sub-net and universe
      "12", // 15: net
      "0200", // 16: length, high byte first
      Buffer.from(ramp).toString("hex"), // 18: levels
    ];
    expect(hex).toBe(fields.join(""));
    expect(hex).toHaveLength(530 * 2);
  });

  test("comes back from the decoder as it went in", () => {
    const levels = fc.uint8Array({ minLength: slotCount, maxLength: slotCount });
    const address = fc.integer({ min: 0, max: portAddressMax });

    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 255 }), levels, (portAddress, sequence, levels) => {
        const packet = artDmxPacket(portAddress);
        writeArtDmx(packet, { sequence, levels });

        expect(decodeArtDmx(packet)).toEqual({ portAddress, sequence, levels });
      }),
    );
  });

  test.each([
    ["empty", new Uint8Array()],
    ["cut short", packetOf(1).subarray(0, 529)],
    ["a poll", changed(packetOf(1), 9, 0x20)],
    ["of another protocol", changed(packetOf(1), 0, 0)],
    ["longer than a universe", Buffer.concat([changed(packetOf(1), 17, 2), Buffer.alloc(2)])],
    ["without a slot", changed(packetOf(1), 16, 0)],
  ])("that is %s is refused", (_, bytes) => {
    expect(decodeArtDmx(bytes)).toBeUndefined();
  });

  test("of random bytes never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(decodeArtDmx(bytes)).toBeUndefined();
      }),
    );
  });
});

function changed(packet: Buffer, offset: number, value: number): Buffer {
  packet.writeUInt8(value, offset);
  return packet;
}

test("sequence numbers wrap from 255 to 1: 0 would mean that there are none", () => {
  expect([nextArtnetSequence(1), nextArtnetSequence(254), nextArtnetSequence(255)]).toEqual([2, 255, 1]);
});

test("a port address is net, sub-net and universe side by side", () => {
  expect(portAddressOf({ net: 0, subnet: 1, universe: 2 })).toBe(0x12);
  expect(portAddressOf({ net: 127, subnet: 15, universe: 15 })).toBe(portAddressMax);
});
