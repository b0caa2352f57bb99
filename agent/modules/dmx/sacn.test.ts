import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeSacn,
  fitSourceName,
  nextSacnSequence,
  sacnGroup,
  sacnPacket,
  type SacnSource,
  sacnUniverseMax,
  sourceCid,
  sourceNameBytesMax,
  writeSacn,
} from "./sacn.ts";
import { slotCount } from "./engine/slots.ts";

const source: SacnSource = {
  cid: Uint8Array.from({ length: 16 }, (_, index) => 0xa0 + index),
  sourceName: "pi-1/stage",
  universe: 0x1234,
  priority: 150,
  synchronization: 0,
};
const ramp = Uint8Array.from({ length: slotCount }, (_, slot) => slot & 0xff);

function packetOf(frame: Partial<Parameters<typeof writeSacn>[1]> = {}): Buffer {
  const packet = sacnPacket(source);
  writeSacn(packet, { levels: ramp, sequence: 0xfe, isTerminated: false, ...frame });
  return packet;
}

describe("a data packet", () => {
  test("has every field where the standard's table puts it", () => {
    const hex = packetOf().toString("hex");

    const fields = [
      "0010", // 0: preamble size
      "0000", // 2: post-amble size
      "4153432d45312e3137000000", // 4: ASC-E1.17
      "726e", // 16: flags, length to the end: 638 - 16
      "00000004", // 18: VECTOR_ROOT_E131_DATA
      "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", // 22: CID
      "7258", // 38: flags, length: 638 - 38
      "00000002", // 40: VECTOR_E131_DATA_PACKET
      Buffer.from("pi-1/stage".padEnd(64, "\0")).toString("hex"), // 44: source name
      "96", // 108: priority
      "0000", // 109: synchronization address
      "fe", // 111: sequence number
      "00", // 112: options
      "1234", // 113: universe
      "720b", // 115: flags, length: 638 - 115
      "02", // 117: VECTOR_DMP_SET_PROPERTY
      "a1", // 118: address and data type
      "0000", // 119: first property address
      "0001", // 121: address increment
      "0201", // 123: property value count: start code and 512 slots
      "00", // 125: start code
      Buffer.from(ramp).toString("hex"), // 126: slots
    ];
    expect(hex).toBe(fields.join(""));
    expect(hex).toHaveLength(638 * 2);
  });

  test("says in bit 6 of its options that the stream is terminated, and only then", () => {
    const packet = packetOf({ isTerminated: true });
    const options = packet[112];

    writeSacn(packet, { levels: ramp, sequence: 0, isTerminated: false });

    expect([options, packet[112]]).toEqual([0x40, 0]);
  });

  test("comes back from the decoder as it went in", () => {
    const levels = fc.uint8Array({ minLength: slotCount, maxLength: slotCount });
    const sourceName = fc
      .string({ unit: "grapheme", maxLength: 80 })
      .map((text) => fitSourceName(text.replaceAll("\0", "")));
    const sources = fc.record({
      cid: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      sourceName,
      universe: fc.integer({ min: 1, max: sacnUniverseMax }),
      priority: fc.integer({ min: 0, max: 200 }),
      synchronization: fc.integer({ min: 0, max: sacnUniverseMax }),
    });
    const frames = fc.record({
      levels,
      sequence: fc.integer({ min: 0, max: 255 }),
      isTerminated: fc.boolean(),
    });

    fc.assert(
      fc.property(sources, frames, fc.nat(255), (given, frame, startCode) => {
        const packet = sacnPacket(given, startCode);
        writeSacn(packet, frame);

        expect(decodeSacn(packet)).toEqual({ ...given, ...frame, isPreview: false, startCode });
      }),
    );
  });

  test.each([
    ["empty", new Uint8Array()],
    ["cut short", packetOf().subarray(0, 637)],
    ["too long", Buffer.concat([packetOf(), Buffer.alloc(1)])],
    ["of another protocol", Buffer.alloc(638, 0x41)],
    ["with a length that lies", changed(packetOf(), 17, 0x6d)],
    ["with a count that lies", changed(packetOf(), 124, 0x02)],
    ["of universe 0", changed(changed(packetOf(), 113, 0), 114, 0)],
    ["with a priority past 200", changed(packetOf(), 108, 201)],
    ["a discovery packet", changed(packetOf(), 21, 8)],
  ])("that is %s is refused", (_, bytes) => {
    expect(decodeSacn(bytes)).toBeUndefined();
  });

  test("of random bytes never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        expect(decodeSacn(bytes)).toBeUndefined();
      }),
    );
  });
});

function changed(packet: Buffer, offset: number, value: number): Buffer {
  packet.writeUInt8(value, offset);
  return packet;
}

test("sequence numbers wrap from 255 to 0", () => {
  expect([nextSacnSequence(0), nextSacnSequence(254), nextSacnSequence(255)]).toEqual([1, 255, 0]);
});

test("the group of a universe is its number in the last two bytes", () => {
  expect([sacnGroup(1), sacnGroup(256), sacnGroup(63_999)]).toEqual([
    "239.255.0.1",
    "239.255.1.0",
    "239.255.249.255",
  ]);
});

describe("a source's CID", () => {
  test("is the same each time and another for each name", () => {
    expect(sourceCid("demo/pi/stage")).toEqual(sourceCid("demo/pi/stage"));
    expect(sourceCid("demo/pi/stage")).not.toEqual(sourceCid("demo/pi/hall"));
  });

  test("never changes from one release to the next", () => {
    expect(Buffer.from(sourceCid("demo/pi/stage")).toString("hex")).toBe("929f3b777ece5684a2c1bc7b2de32fee");
  });

  test("is a UUID of version 5", () => {
    const cid = Buffer.from(sourceCid("demo/pi/stage"));

    expect([cid.length, cid.readUInt8(6) >> 4, cid.readUInt8(8) >> 6]).toEqual([16, 5, 0b10]);
  });
});

test("a source name is cut to its field between characters", () => {
  const fitted = fitSourceName("ü".repeat(40));

  expect(fitted).toBe("ü".repeat(31));
  expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(sourceNameBytesMax);
});
