import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Damage, FirmataStream } from "./firmata-stream.ts";
import { sysexBytesMax } from "./limits.ts";

function read(...pieces: readonly (readonly number[])[]) {
  const messages: number[][] = [];
  const damage: Damage[] = [];
  const stream = new FirmataStream({
    message: (bytes) => void messages.push([...bytes]),
    damaged: (how) => void damage.push(how),
  });
  for (const piece of pieces) stream.take(Uint8Array.from(piece));
  return { messages, damage };
}

const analog = [0xe0, 0x05, 0x01];
const digital = [0x91, 0x04, 0x00];
const version = [0xf9, 2, 5];
const text = [0xf0, 0x71, 0x41, 0x00, 0xf7];
const all = [analog, digital, version, text];

test("whole messages go through as they are, however the line cuts them", () => {
  const bytes = fc.array(fc.constantFrom(...all), { maxLength: 20 });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 9 }), (messages, size) => {
      const flat = messages.flat();
      const pieces = flat.flatMap((_, at) => (at % size === 0 ? [flat.slice(at, at + size)] : []));
      expect(read(...pieces)).toEqual({ messages, damage: [] });
    }),
  );
});

describe("no value comes of", () => {
  test.each([
    ["a byte that was lost", [0xe0, 0x05, ...digital], [digital], ["broken"]],
    ["a command that was lost", [...version, 0x05, 0x01, ...digital], [version, digital], ["broken"]],
    ["a byte that was put in", [0xe0, 0xc3, 0x05, 0x01, ...digital], [digital], ["broken"]],
    ["a message within a text", [0xf0, 0x71, 0x41, ...analog], [analog], ["broken"]],
    ["a text that has no beginning", [...analog, 0x41, 0x00, 0xf7, ...analog], [analog, analog], ["broken"]],
    ["a reset between messages", [...analog, 0xff, ...digital], [analog, digital], ["reset"]],
    ["a reset in the middle of one", [0xe0, 0xff, 0x05, 0x01, ...digital], [digital], ["reset"]],
    ["zeros before the first", [0, 0, 0, ...analog], [analog], []],
  ])("%s", (_what, bytes, messages, damage) => {
    expect(read(bytes)).toEqual({ messages, damage });
  });

  test("a text without an end, and what came after it is heard again", () => {
    const endless = [0xf0, ...Array.from({ length: sysexBytesMax + 10 }, () => 0x41)];

    expect(read(endless, analog)).toEqual({ messages: [analog], damage: ["broken"] });
  });
});

test("whatever a line says, only messages of the protocol come out of it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
      const { messages } = read([...noise]);
      for (const [first = 0, ...rest] of messages) {
        if (first === 0xf0) expect(rest.at(-1)).toBe(0xf7);
        else
          expect([rest.length, (first & 0xf0) === 0x90 || (first & 0xf0) === 0xe0 || first === 0xf9]).toEqual(
            [2, true],
          );
        expect(rest.slice(0, first === 0xf0 ? -1 : 2).every((byte) => byte < 0x80)).toBe(true);
      }
    }),
  );
});

test("after any noise the second message is heard", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      expect(read([...noise], analog, digital).messages.at(-1)).toEqual(digital);
    }),
  );
});
