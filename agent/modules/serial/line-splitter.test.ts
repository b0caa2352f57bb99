import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function split(chunks: readonly Uint8Array[], options: { delimiter?: string; lineBytesMax?: number } = {}) {
  const lines: string[] = [];
  const tooLong: string[] = [];
  const splitter = new LineSplitter({
    delimiter: new TextEncoder().encode(options.delimiter ?? "\n"),
    lineBytesMax: options.lineBytesMax ?? 16,
    onLine: (line) => void lines.push(Buffer.from(line).toString("latin1")),
    onTooLong: (beginning) => void tooLong.push(Buffer.from(beginning).toString("latin1")),
  });
  for (const chunk of chunks) splitter.push(chunk);
  return { lines, tooLong };
}

const bytes = (text: string) => Buffer.from(text, "latin1");

test("a line is given when its delimiter has come", () => {
  expect(split([bytes("a=1\nb="), bytes("2\nc")]).lines).toEqual(["a=1", "b=2"]);
});

test("a line of exactly the longest length is a line, one byte more is too long", () => {
  const { lines, tooLong } = split([bytes("12345678\n123456789\nok\n")], { lineBytesMax: 8 });

  expect(lines).toEqual(["12345678", "ok"]);
  expect(tooLong).toEqual(["12345678"]);
});

test("a delimiter of two bytes is found across the end of a line that is too long", () => {
  const { lines } = split([bytes("123456789\r"), bytes("\nok\r\n")], { delimiter: "\r\n", lineBytesMax: 8 });

  expect(lines).toEqual(["ok"]);
});

const delimiters = fc.constantFrom("\n", "\r\n", ";", "aab");
const streams = fc
  .array(fc.constantFrom("a", "b", "1", "\r", "\n", ";", "aab", "\r\n", "12345"), { maxLength: 60 })
  .map((pieces) => pieces.join(""));

test("however the bytes are cut, the lines are those of the whole text that are not too long", () => {
  fc.assert(
    fc.property(streams, delimiters, fc.array(fc.nat(80)), (text, delimiter, cuts) => {
      const marks = [0, ...cuts, text.length]
        .map((cut) => Math.min(cut, text.length))
        .toSorted((a, b) => a - b);
      const chunks = marks.slice(1).map((end, index) => bytes(text.slice(marks[index], end)));
      const whole = text.split(delimiter).slice(0, -1);

      const { lines } = split(chunks, { delimiter, lineBytesMax: 16 });

      expect(lines).toEqual(whole.filter((line) => line.length <= 16));
    }),
    { numRuns: 2000 },
  );
});

test("no line is ever longer than allowed, and each one that is too long is reported once", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
      const { lines, tooLong } = split(chunks);
      const whole = Buffer.concat(chunks).toString("latin1").split("\n");

      expect(lines.every((line) => line.length <= 16)).toBe(true);
      // The last one has no delimiter yet, and is too long from the byte on that no line can hold.
      const overlong = whole.filter((line) => line.length > 16);
      expect(tooLong.length).toBe(overlong.length);
    }),
    { numRuns: 500 },
  );
});
