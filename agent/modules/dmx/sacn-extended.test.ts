import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeExtended, discoveryPacket, synchronizationPacket } from "./sacn-extended.ts";

const cid = Uint8Array.from({ length: 16 }, (_, index) => 0xa0 + index);
const cids = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe("a synchronization packet", () => {
  test("has the bytes of E1.31 table 6-5", () => {
    const packet = synchronizationPacket({ cid, universe: 0x1f31, sequence: 7 });

    expect(packet.toString("hex")).toBe(
      [
        "001000004153432d45312e3137000000702100000008",
        Buffer.from(cid).toString("hex"),
        "700b00000001071f310000",
      ].join(""),
    );
  });

  test("comes back from the decoder as it went in", () => {
    const given = fc.record({
      cid: cids,
      universe: fc.integer({ min: 1, max: 63_999 }),
      sequence: fc.nat(255),
    });
    fc.assert(
      fc.property(given, (each) => {
        expect(decodeExtended(synchronizationPacket(each))).toEqual({ kind: "synchronization", ...each });
      }),
    );
  });
});

describe("a discovery packet", () => {
  test("has the layers of E1.31 section 8, its universes ascending", () => {
    const packet = discoveryPacket({ cid, sourceName: "pi", universes: [300, 1] });

    expect(packet).toHaveLength(124);
    expect([packet.readUInt16BE(16), packet.readUInt16BE(38), packet.readUInt16BE(112)]).toEqual([
      0x7000 | 108,
      0x7000 | 86,
      0x7000 | 12,
    ]);
    expect([packet.readUInt32BE(18), packet.readUInt32BE(40), packet.readUInt32BE(114)]).toEqual([8, 2, 1]);
    expect(packet.subarray(118).toString("hex")).toBe("00000001012c");
  });

  test("comes back from the decoder as it went in", () => {
    const given = fc.record({
      cid: cids,
      sourceName: fc.string({ maxLength: 63 }).map((text) => text.replaceAll("\0", "")),
      universes: fc.uniqueArray(fc.integer({ min: 1, max: 63_999 }), { maxLength: 512 }),
    });
    fc.assert(
      fc.property(given, (each) => {
        expect(decodeExtended(discoveryPacket(each))).toEqual({
          kind: "discovery",
          ...each,
          universes: each.universes.toSorted((a, b) => a - b),
          page: 0,
          lastPage: 0,
        });
      }),
    );
  });
});

describe("what is no extended packet", () => {
  const whole = discoveryPacket({ cid, sourceName: "pi", universes: [1] });
  const changed = (offset: number, value: number): Buffer => {
    const packet = Buffer.from(whole);
    packet.writeUInt8(value, offset);
    return packet;
  };

  test.each([
    ["empty", Buffer.alloc(0)],
    ["cut short", whole.subarray(0, whole.length - 1)],
    ["too long", Buffer.concat([whole, Buffer.alloc(2)])],
    ["with a length that lies", changed(17, 0)],
    ["with a list's length that lies", changed(113, 0)],
    ["of another vector", changed(43, 9)],
    ["data", changed(21, 4)],
  ])("is refused: %s", (_, packet) => {
    expect(decodeExtended(packet)).toBeUndefined();
  });

  test("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (offset, value, length) => {
        expect(() => decodeExtended(changed(offset, value).subarray(0, length))).not.toThrow();
      }),
    );
  });
});
