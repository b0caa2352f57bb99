import { expect, test } from "vitest";
import fc from "fast-check";
import { FrameReader } from "./frame-reader.ts";

interface Reading {
  readonly packets: readonly Buffer[];
  readonly wrong: "too-large" | "malformed" | undefined;
}

function lengthBytes(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; ; rest >>>= 7) {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return bytes;
  }
}

const packetOf = (first: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([first, ...lengthBytes(body.length)]), body]);

const packet = fc
  .tuple(
    fc.integer({ min: 0, max: 255 }),
    fc.oneof(
      fc.uint8Array({ maxLength: 5 }),
      fc.uint8Array({ minLength: 120, maxLength: 140 }),
      fc.integer({ min: 16_380, max: 16_390 }).map((length) => new Uint8Array(length).fill(length)),
    ),
  )
  .map(([first, body]) => packetOf(first, body));

/** Bytes cut at any places, empty pieces among them. */
function piecesOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.slice(1).map((end, index) => Buffer.from(bytes.subarray(places[index], end)));
}

const cuts = fc.array(fc.nat({ max: 100_000 }), { maxLength: 40 });

function read(pieces: readonly Buffer[], bytesMax: number): Reading {
  const packets: Buffer[] = [];
  const reader = new FrameReader({ bytesMax }, (bytes, start, body, end) => {
    expect(body).toBeGreaterThan(start);
    packets.push(Buffer.from(bytes.subarray(start, end)));
    return true;
  });
  let wrong: Reading["wrong"];
  for (const piece of pieces) wrong ??= reader.push(piece);
  return { packets, wrong };
}

test("packets come out whole and in order, whatever pieces they came in", () => {
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 12 }), cuts, (packets, cuts) => {
      const read1 = read(piecesOf(Buffer.concat(packets), cuts), 20_000);
      expect(read1.wrong).toBeUndefined();
      expect(read1.packets.length).toBe(packets.length);
      expect(Buffer.concat(read1.packets).equals(Buffer.concat(packets))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("packets come out whole when they come byte by byte", () => {
  const packets = [packetOf(0x30, new Uint8Array(200)), packetOf(0xc0, new Uint8Array(0))];

  const { packets: found } = read(
    Array.from(Buffer.concat(packets), (byte) => Buffer.from([byte])),
    1000,
  );

  expect(found).toEqual(packets);
});

test("a packet that is too large is found at its header, wherever it stands, and those before it are whole", () => {
  const tooLarge = fc
    .integer({ min: 20_001, max: 268_435_455 })
    .map((length) => Buffer.from([0x30, ...lengthBytes(length)]));

  fc.assert(
    fc.property(fc.array(packet, { maxLength: 8 }), tooLarge, cuts, (packets, header, cuts) => {
      const found = read(piecesOf(Buffer.concat([...packets, header]), cuts), 20_000);
      expect(found.wrong).toBe("too-large");
      expect(Buffer.concat(found.packets).equals(Buffer.concat(packets))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("a length that goes on after four bytes is malformed, wherever it stands", () => {
  const header = Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]);

  fc.assert(
    fc.property(fc.array(packet, { maxLength: 8 }), cuts, (packets, cuts) => {
      const found = read(piecesOf(Buffer.concat([...packets, header]), cuts), 20_000);
      expect(found.wrong).toBe("malformed");
      expect(found.packets.length).toBe(packets.length);
    }),
    { numRuns: 300 },
  );
});

test("the largest packet allowed is taken, and one byte more is not", () => {
  expect(read([packetOf(0x30, new Uint8Array(128))], 128).wrong).toBeUndefined();
  expect(read([packetOf(0x30, new Uint8Array(129))], 128).wrong).toBe("too-large");
});

test("a taker that holds at any packet and goes on later loses nothing, and nothing comes while it holds", () => {
  const holds = fc.array(fc.boolean(), { maxLength: 20 });

  fc.assert(
    fc.property(fc.array(packet, { maxLength: 12 }), cuts, holds, (packets, cuts, holds) => {
      const found: Buffer[] = [];
      let isHolding = false;
      const reader = new FrameReader({ bytesMax: 20_000 }, (bytes, start, _body, end) => {
        expect(isHolding).toBe(false);
        found.push(Buffer.from(bytes.subarray(start, end)));
        isHolding = holds[found.length - 1] === true;
        return !isHolding;
      });
      const goOn = () => {
        isHolding = false;
        expect(reader.resume()).toBeUndefined();
      };
      for (const [index, piece] of piecesOf(Buffer.concat(packets), cuts).entries()) {
        expect(reader.push(piece)).toBeUndefined();
        if (isHolding && index % 3 === 0) goOn();
      }
      for (let round = 0; round <= holds.length; round += 1) if (isHolding) goOn();
      expect(Buffer.concat(found).equals(Buffer.concat(packets))).toBe(true);
      expect(found.length).toBe(packets.length);
      expect(reader.waitingBytes).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("holds at most twice what came of a packet, and nothing when there is nothing to wait for", () => {
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1, maxLength: 8 }), cuts, (packets, cuts) => {
      let taken = 0;
      const reader = new FrameReader({ bytesMax: 20_000 }, (_bytes, start, _body, end) => {
        taken += end - start;
        return true;
      });
      let came = 0;
      for (const piece of piecesOf(Buffer.concat(packets), cuts)) {
        came += piece.length;
        reader.push(piece);
        expect(reader.waitingBytes).toBeGreaterThanOrEqual(came - taken);
        expect(reader.waitingBytes).toBeLessThanOrEqual(2 * (came - taken));
      }
      expect(reader.waitingBytes).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("what is held is a copy: bytes that are written over afterwards do not reach it", () => {
  const found: Buffer[] = [];
  const reader = new FrameReader({ bytesMax: 100 }, (bytes, start, _body, end) => {
    found.push(Buffer.from(bytes.subarray(start, end)));
    return true;
  });
  const whole = packetOf(0x30, Uint8Array.from([1, 2, 3, 4]));
  const piece = Buffer.from(whole.subarray(0, 4));

  reader.push(piece);
  piece.fill(255);
  reader.push(whole.subarray(4));

  expect(found).toEqual([whole]);
});

test("what is left is given again before what came after it, as often as it is left", () => {
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1, maxLength: 8 }), cuts, fc.nat(3), (packets, cuts, times) => {
      const found: Buffer[] = [];
      let left = 0;
      const reader = new FrameReader({ bytesMax: 20_000 }, (bytes, start, _body, end) => {
        if (left < times) {
          left += 1;
          return "left";
        }
        left = 0;
        found.push(Buffer.from(bytes.subarray(start, end)));
        return true;
      });
      for (const piece of piecesOf(Buffer.concat(packets), cuts)) reader.push(piece);
      for (let round = 0; round < times * packets.length; round += 1) reader.resume();

      expect(Buffer.concat(found).equals(Buffer.concat(packets))).toBe(true);
      expect(reader.waitingBytes).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("a limit that changes between packets holds for those after it, also for what had already come", () => {
  const limits = { bytesMax: 10 };
  let count = 0;
  const reader = new FrameReader(limits, () => {
    count += 1;
    return count > 1;
  });
  const bytes = Buffer.concat([packetOf(0x10, new Uint8Array(10)), packetOf(0x30, new Uint8Array(500))]);

  expect(reader.push(bytes)).toBeUndefined();
  limits.bytesMax = 1000;

  expect(reader.resume()).toBeUndefined();
  expect(count).toBe(2);
});

test("ended in the middle of a piece, it takes nothing more and holds nothing", () => {
  let count = 0;
  const reader: FrameReader = new FrameReader({ bytesMax: 10 }, () => {
    count += 1;
    if (count === 2) reader.end();
    return true;
  });

  reader.push(Buffer.from([0xc0, 0, 0xc0, 0, 0xc0, 0, 0x30]));
  reader.push(Buffer.from([0xc0, 0]));

  expect(reader.resume()).toBeUndefined();
  expect({ count, waiting: reader.waitingBytes }).toEqual({ count: 2, waiting: 0 });
});
