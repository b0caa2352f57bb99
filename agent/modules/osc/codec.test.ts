import fc from "fast-check";
import { expect, test } from "vitest";
import { decodePacket, encodeMessage, type OscArgument, type OscMessage } from "./codec.ts";
import { argumentsMax, messagesOfPacketMax } from "./limits.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...ascii(part)] : part)));

/** A bundle to be played at once. */
const bundle = (...parts: readonly Uint8Array[]): Uint8Array =>
  bytes(
    "#bundle\0",
    [0, 0, 0, 0, 0, 0, 0, 1],
    ...parts.flatMap((part) => [[0, 0, part.length >> 8, part.length & 255], [...part]]),
  );

test("the examples of the standard are written and read as it prints them", () => {
  const oscillator: OscMessage = {
    address: "/oscillator/4/frequency",
    arguments: [{ tag: "f", value: 440 }],
  };
  const foo: OscMessage = {
    address: "/foo",
    arguments: [
      { tag: "i", value: 1000 },
      { tag: "i", value: -1 },
      { tag: "s", value: "hello" },
      { tag: "f", value: Math.fround(1.234) },
      { tag: "f", value: Math.fround(5.678) },
    ],
  };

  expect(encodeMessage(oscillator)).toEqual(bytes("/oscillator/4/frequency\0", ",f\0\0", [0x43, 0xdc, 0, 0]));
  expect(encodeMessage(foo)).toEqual(
    bytes(
      "/foo\0\0\0\0",
      ",iisff\0\0",
      [0, 0, 3, 0xe8, 0xff, 0xff, 0xff, 0xff],
      "hello\0\0\0",
      [0x3f, 0x9d, 0xf3, 0xb6, 0x40, 0xb5, 0xb2, 0x2d],
    ),
  );
  expect(decodePacket(encodeMessage(foo))).toEqual({ ok: true, value: [foo] });
});

const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((each) => !each.includes("\0"));
const argument: fc.Arbitrary<OscArgument> = fc.oneof(
  fc.record({ tag: fc.constantFrom("i" as const, "c" as const), value: fc.integer() }),
  fc.record({ tag: fc.constant("h" as const), value: fc.maxSafeInteger() }),
  fc.record({ tag: fc.constant("d" as const), value: fc.double({ noNaN: true }) }),
  fc.record({ tag: fc.constant("f" as const), value: fc.float({ noNaN: true }) }),
  fc.record({ tag: fc.constantFrom("s" as const, "S" as const), value: text }),
  fc.record({ tag: fc.constant("b" as const), value: fc.uint8Array({ maxLength: 9 }) }),
  fc.record({
    tag: fc.constantFrom("m" as const, "r" as const),
    value: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  }),
  fc.constantFrom<OscArgument>(
    { tag: "T", value: true },
    { tag: "F", value: false },
    { tag: "N", value: null },
    { tag: "I", value: null },
  ),
);
const message: fc.Arbitrary<OscMessage> = fc.record({
  address: fc.stringMatching(/^\/[a-z0-9/]{0,20}$/),
  arguments: fc.array(argument, { maxLength: 8 }),
});

test("what is written is read back, alone and in bundles", () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (messages) => {
      const packets = messages.map(encodeMessage);

      expect(packets.every(({ length }) => length % 4 === 0)).toBe(true);
      expect(decodePacket(bundle(...packets))).toEqual({ ok: true, value: messages });
      expect(decodePacket(bundle(bundle(...packets)))).toEqual({ ok: true, value: messages });
    }),
  );
});

test("whatever comes is read or refused, and nothing is read beyond its end", () => {
  fc.assert(
    fc.property(message, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (sent, place, byte, length) => {
      const broken = encodeMessage(sent);
      broken[place % broken.length] = byte;

      expect(() => decodePacket(broken)).not.toThrow();
      expect(() => decodePacket(bundle(broken.subarray(0, length % broken.length)))).not.toThrow();
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
      expect(() => decodePacket(noise)).not.toThrow();
    }),
  );
});

const nested = (depth: number): Uint8Array =>
  depth === 0 ? encodeMessage({ address: "/a", arguments: [] }) : bundle(nested(depth - 1));
const many = (count: number): OscArgument[] =>
  Array.from({ length: count }, () => ({ tag: "T", value: true }));

test.each([
  ["nothing at all", bytes(), "not-osc"],
  ["another protocol", bytes("GET / HTTP/1"), "not-osc"],
  ["an odd length", bytes("/a\0\0,i\0\0", [0, 0, 1]), "not-osc"],
  ["no end of the address", bytes("/aaaaaaa"), "bad-text"],
  ["noise in the padding", bytes("/a\0x,\0\0\0"), "bad-text"],
  ["tags without a comma", bytes("/a\0\0i\0\0\0", [0, 0, 0, 1]), "bad-text"],
  ["a text that is no UTF-8", bytes("/a\0\0,s\0\0", [0xff, 0, 0, 0]), "bad-text"],
  ["a control character in the address", bytes("/a\n\0,\0\0\0"), "bad-address"],
  ["an argument too few", bytes("/a\0\0,ii\0", [0, 0, 0, 1]), "cut-off"],
  ["a blob that is longer than its packet", bytes("/a\0\0,b\0\0", [0x7f, 0xff, 0xff, 0xff]), "cut-off"],
  ["a blob of negative length", bytes("/a\0\0,b\0\0", [0xff, 0xff, 0xff, 0xff]), "cut-off"],
  ["a bundle without a time", bytes("#bundle\0", [0, 0, 0, 1]), "cut-off"],
  ["a part longer than its bundle", bytes("#bundle\0", [0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 9]), "cut-off"],
  ["an argument too many", bytes("/a\0\0,\0\0\0", [0, 0, 0, 1]), "bytes-left-over"],
  ["a type that nobody knows", bytes("/a\0\0,q\0\0"), "unknown-type"],
  ["bundles in bundles", nested(5), "too-deep"],
  [
    "arguments without end",
    encodeMessage({ address: "/a", arguments: many(argumentsMax + 1) }),
    "too-many-parts",
  ],
  [
    "messages without end",
    bundle(...Array.from({ length: messagesOfPacketMax + 1 }, () => nested(0))),
    "too-many-parts",
  ],
])("%s is refused", (_, packet, fault) => {
  expect(decodePacket(packet)).toEqual({ ok: false, error: fault });
});

test("what is just within the limits is read", () => {
  expect(decodePacket(nested(4)).ok).toBe(true);
  expect(decodePacket(encodeMessage({ address: "/a", arguments: many(argumentsMax) })).ok).toBe(true);
  expect(decodePacket(bundle(...Array.from({ length: messagesOfPacketMax }, () => nested(0)))).ok).toBe(true);
});
