import { expect, test } from "vitest";
import { LineReader, lineBytesMax } from "./line-reader.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test("lines come whole, however their bytes came, without their ends", () => {
  const reader = new LineReader();
  const all = bytesOf("one\r\ntwö\n\nthree");

  const lines = [...all].flatMap((byte) => reader.take(Uint8Array.of(byte)));

  expect(lines).toEqual(["one", "twö", ""]);
  expect(reader.take(bytesOf("\n"))).toEqual(["three"]);
});

test("a line without an end is given up, and the one after it is whole", () => {
  const reader = new LineReader();

  expect(reader.take(new Uint8Array(10 * lineBytesMax).fill(65))).toEqual([]);
  expect(reader.take(bytesOf("\nnext\n"))).toEqual(["next"]);
  expect(reader.take(bytesOf(`${"x".repeat(lineBytesMax)}\n`))).toEqual(["x".repeat(lineBytesMax)]);
  expect(reader.lost).toBe(1);
});
