import { expect, test } from "vitest";
import fc from "fast-check";
import { PacketMeter } from "./packet-meter.ts";

const limit = 20_000;

/** A packet with `length` bytes after its fixed header. */
function packet(length: number): readonly number[] {
  const head = [0x30];
  let rest = length;
  do {
    head.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return [...head, ...Array.from({ length: Math.min(length, 30_000) }, () => 0xff)];
}

/** `bytes` in pieces of these lengths, again and again. */
function inPieces(bytes: readonly number[], lengths: readonly number[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let position = 0, turn = 0; position < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(Uint8Array.from(bytes.slice(position, position + length)));
    position += length;
  }
  return pieces;
}

const lengths = fc.array(fc.nat({ max: limit }), { minLength: 1, maxLength: 6 });
const pieces = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 });

test("packets up to the limit pass, however they come in", () => {
  fc.assert(
    fc.property(lengths, pieces, (packets, pieces) => {
      const meter = new PacketMeter(limit);

      expect(inPieces(packets.flatMap(packet), pieces).every((piece) => meter.accepts(piece))).toBe(true);
    }),
  );
});

test("a longer one is found, wherever it stands and however it comes in", () => {
  fc.assert(
    fc.property(
      lengths,
      fc.integer({ min: limit + 1, max: 268_435_455 }),
      pieces,
      (packets, long, pieces) => {
        const meter = new PacketMeter(limit);

        expect(
          inPieces([...packets.flatMap(packet), ...packet(long)], pieces).every((piece) =>
            meter.accepts(piece),
          ),
        ).toBe(false);
      },
    ),
  );
});

test("a length of more than four bytes is none", () => {
  expect(new PacketMeter(limit).accepts(Uint8Array.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x00]))).toBe(false);
});
