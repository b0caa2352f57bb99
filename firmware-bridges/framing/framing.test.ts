import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stuff, unstuff } from "./cobs.ts";
import { crc16 } from "./crc16.ts";
import { contentBytesMax, encodeFrame, FrameReader } from "./frame.ts";
import vectors from "./vectors.json" with { type: "json" };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => Buffer.from(text, "hex");

/** What a reader makes of bytes: `=<content>` for each frame, else the fault. */
function outcomesOf(chunks: readonly Uint8Array[]): readonly string[] {
  const outcomes: string[] = [];
  const reader = new FrameReader({
    frame: (content) => void outcomes.push(`=${hex(content)}`),
    fault: (reason) => void outcomes.push(reason),
  });
  for (const chunk of chunks) reader.push(chunk);
  return outcomes;
}

function frameOf(content: Uint8Array): Uint8Array {
  const frame = encodeFrame(content);
  if (!frame.ok) throw new Error(frame.error);
  return frame.value;
}

test("the CRC of the check string is the one that its definition gives", () => {
  expect(crc16(Buffer.from("123456789"))).toBe(0x29_b1);
});

describe("vectors", () => {
  test.each(vectors.frames)("$name", ({ content, frame }) => {
    expect(hex(frameOf(bytesOf(content)))).toBe(frame);
    expect(outcomesOf([bytesOf(frame)])).toEqual([`=${content}`]);
  });

  test.each(vectors.streams)("$name", ({ bytes, outcomes }) => {
    expect(outcomesOf([bytesOf(bytes)])).toEqual(outcomes);
  });
});

test("whatever the bytes, stuffed they hold no zero and come back", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 1200 }),
    fc.uint8Array({ maxLength: 1200, min: 1 }),
    fc.nat(1100).map((length) => new Uint8Array(length).fill(7)),
  );
  fc.assert(
    fc.property(bytes, (bytes) => {
      const stuffed = stuff(bytes);
      expect(stuffed.includes(0)).toBe(false);
      expect(unstuff(stuffed)).toEqual({ ok: true, value: bytes });
    }),
  );
});

test("however a stream of frames and noise is cut, every frame after a zero is found", () => {
  const content = fc.uint8Array({ minLength: 1, maxLength: contentBytesMax });
  const piece = fc.oneof(
    content.map((content) => ({ content, noise: undefined })),
    fc.uint8Array({ maxLength: 200 }).map((noise) => ({ content: undefined, noise })),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(1000)), (pieces, cuts) => {
      const stream = Buffer.concat(
        pieces.map(({ content, noise }) =>
          content === undefined ? Buffer.from([...(noise ?? []), 0]) : Buffer.from(frameOf(content)),
        ),
      );
      const marks = [0, ...cuts.map((cut) => Math.min(cut, stream.length)), stream.length];
      const ordered = marks.toSorted((a, b) => a - b);
      const chunks = ordered.slice(1).map((end, index) => stream.subarray(ordered[index], end));

      const found = outcomesOf(chunks);

      const sent = pieces.flatMap(({ content }) => (content === undefined ? [] : [`=${hex(content)}`]));
      expect(found.filter((outcome) => sent.includes(outcome))).toEqual(sent);
      expect(found).toEqual(outcomesOf([stream]));
    }),
  );
});

test("content that no frame can hold is refused", () => {
  expect(encodeFrame(new Uint8Array(contentBytesMax + 1))).toEqual({ ok: false, error: "too-long" });
});
