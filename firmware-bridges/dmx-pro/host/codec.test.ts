import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../vectors.json" with { type: "json" };
import { encodeGuard, encodeReceive, encodeWidgetFrame, receivedLevels, WidgetReader } from "./codec.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => Buffer.from(text, "hex");

function framesIn(chunks: readonly Uint8Array[]): readonly { label: number; payload: string }[] {
  const frames: { label: number; payload: string }[] = [];
  const reader = new WidgetReader((label, payload) => void frames.push({ label, payload: hex(payload) }));
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

describe("vectors", () => {
  test.each(vectors.frames)("$name", ({ label, payload, frame }) => {
    expect(hex(encodeWidgetFrame(label, bytesOf(payload)))).toBe(frame);
    expect(framesIn([bytesOf(frame)])).toEqual([{ label, payload }]);
  });

  test.each(vectors.streams)("$name", ({ bytes, labels }) => {
    expect(framesIn([bytesOf(bytes)]).map(({ label }) => label)).toEqual(labels);
  });

  test("a guard, and one with a scene", () => {
    expect(hex(encodeGuard(2000))).toBe(vectors.guard.dark);
    expect(hex(encodeGuard(2000, Uint8Array.of(255, 1)))).toBe(vectors.guard.scene);
  });
});

test("the widget is told to hear, and says levels only in packets that are whole and are levels", () => {
  expect(hex(encodeReceive())).toBe("7e08010000e7");
  expect(receivedLevels(bytesOf("0000ff8001"))).toEqual(Uint8Array.of(255, 128, 1));
  expect(receivedLevels(new Uint8Array(514))).toEqual(new Uint8Array(512));

  for (const none of ["", "00", "0000", "0100ff", "0200ff", "0017ff", "00cc0118"])
    expect(receivedLevels(bytesOf(none))).toBe(undefined);
  expect(receivedLevels(new Uint8Array(515))).toBe(undefined);
});

test("a flood of beginnings is looked at once", () => {
  const flood = new Uint8Array(1 << 20).fill(0x7e);

  const found = framesIn([flood, new Uint8Array(700), bytesOf("7e4d0000e7")]);

  expect(found.map(({ label }) => label)).toEqual([77]);
});

test("however a stream is cut, its frames are the same, and no more than one is held", () => {
  const frame = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 520 }));
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.nat(3000)), (frames, cuts) => {
      const stream = Buffer.concat(frames.map(([label, payload]) => encodeWidgetFrame(label, payload)));
      const marks = [0, ...cuts.map((cut) => Math.min(cut, stream.length)), stream.length];
      const ordered = marks.toSorted((a, b) => a - b);

      const found = framesIn(ordered.slice(1).map((end, index) => stream.subarray(ordered[index], end)));

      expect(found).toEqual(frames.map(([label, payload]) => ({ label, payload: hex(payload) })));
    }),
  );
});
