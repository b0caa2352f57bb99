import { expect, test } from "vitest";
import { LineReader } from "./line-reader.ts";

test("lines are whole however they come in, and the last good one is kept", () => {
  const seen: string[] = [];
  const reader = new LineReader((line) => {
    seen.push(line);
    return !line.startsWith("{");
  });

  for (const part of ["read", 'y http://x\n{"a"', ":1}\n\n"]) reader.take(Buffer.from(part));

  expect(seen).toEqual(["ready http://x", '{"a":1}']);
  expect(reader.last).toBe("ready http://x");
});

test("a character cut in two is put together", () => {
  const reader = new LineReader(() => true);
  const bytes = Buffer.from("grün\n");

  reader.take(bytes.subarray(0, 3));
  reader.take(bytes.subarray(3));

  expect(reader.last).toBe("grün");
});

test("a line without end is cut, and the next one is read", () => {
  const reader = new LineReader(() => true);

  for (let count = 0; count < 100; count++) reader.take(Buffer.alloc(1024, "x"));
  reader.take(Buffer.from("\nnext\n"));

  expect(reader.last).toBe("next");
});
