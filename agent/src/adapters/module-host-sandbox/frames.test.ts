import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCbor } from "@interactor/shared/wire/cbor";
import { Allowance } from "./allowance.ts";
import { FrameReader, frameOf } from "./frames.ts";

test("however a stream is cut, the frames that went in come out", () => {
  const stream = fc.record({
    messages: fc.array(fc.array(fc.oneof(fc.string(), fc.integer({ min: 0, max: 1e6 }))), { maxLength: 20 }),
    cut: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(stream, ({ messages, cut }) => {
      const bytes = Buffer.concat(messages.map(frameOf));
      const reader = new FrameReader(1024 * 1024);
      const out: unknown[] = [];
      for (let at = 0; at < bytes.length; at += cut) {
        reader.add(new Uint8Array(bytes.subarray(at, at + cut)));
        for (let frame = reader.next(); frame instanceof Uint8Array; frame = reader.next()) {
          const decoded = decodeCbor(frame);
          out.push(decoded.ok ? decoded.value : decoded.error);
        }
      }
      expect(out).toEqual(messages);
      expect(reader.waiting).toBe(0);
    }),
  );
});

test(
  "frames that come byte by byte cost what they are long, and not the square of it",
  { timeout: 20_000 },
  () => {
    const reader = new FrameReader(1024 * 1024);
    const frame = frameOf(new Uint8Array(1_000_000).fill(7));
    let frames = 0;

    // Copied anew with each byte it would be 500 GB.
    for (let at = 0; at < frame.length; at += 1) {
      reader.add(frame.subarray(at, at + 1));
      if (reader.next() !== undefined) frames += 1;
    }

    expect(frames).toBe(1);
  },
);

test("what was read stays what it is when more comes", () => {
  const reader = new FrameReader(1000);
  const bytes = Buffer.concat([frameOf("first"), frameOf("second"), frameOf("third")]);
  const out: Uint8Array[] = [];

  for (const byte of bytes) {
    reader.add(Uint8Array.of(byte));
    const frame = reader.next();
    if (frame instanceof Uint8Array) out.push(frame);
  }

  expect(out.map((frame) => decodeCbor(frame))).toEqual(
    ["first", "second", "third"].map((value) => ({ ok: true, value })),
  );
});

test("a frame that is too large is known by its length alone", () => {
  const reader = new FrameReader(1000);

  reader.add(new Uint8Array([0, 0, 3, 233]));

  expect(reader.next()).toBe("too-large");
});

test("so many pass at once, and then so many in a second", () => {
  const allowance = new Allowance(100, 10, 0);
  let passed = 0;

  for (let at = 0; at <= 2000; at++) {
    while (allowance.wait(at) === 0) {
      allowance.use(1);
      passed += 1;
    }
  }

  expect(passed).toBeGreaterThanOrEqual(200);
  expect(passed).toBeLessThanOrEqual(10 + 200 + 2);
});
