import { expect, test } from "vitest";
import fc from "fast-check";
import { encode } from "cborg";
import { cborDepthMax, cborItemsMax, payloadBytesMax } from "./limits.ts";
import { inspect } from "./well-formed.ts";

/** Of one to four bytes in UTF-8. */
const character = fc.constantFrom(...Array.from("aZ0 \n\0äß漢😀\u0301"));
const bytesOf = (...bytes: readonly number[]) => Uint8Array.from(bytes);
const malformed = (...bytes: readonly number[]) => inspect(bytesOf(...bytes)).malformed;

/** Values that the node link may carry, as another library takes them. */
const content = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.double(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
    fc.string({ unit: character }),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 5 }),
  ),
})).value;

test("whatever another library writes of our kinds of value is let through", () => {
  fc.assert(
    fc.property(content, (value) => inspect(encode(value)).malformed === undefined),
    { numRuns: 500 },
  );
});

test("it is refused when anything is cut off its end or put after it", () => {
  fc.assert(
    fc.property(content, fc.nat(), fc.nat(255), (value, cut, more) => {
      const bytes = encode(value);

      expect(inspect(bytes.slice(0, cut % bytes.length)).malformed).toBe(
        cut % bytes.length === 0 ? "empty" : "truncated",
      );
      expect(inspect(Uint8Array.from([...bytes, more])).malformed).toBe("trailing-bytes");
    }),
  );
});

test("no bytes make the scan throw, and none of its positions lies outside them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const { wideNegatives } = inspect(bytes);

      expect(wideNegatives.every((position) => bytes[position] === 0x3b)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["nothing at all", [], "empty"],
  ["a text that ends too early", [0x63, 0x61], "truncated"],
  ["a list that claims four billion items", [0x9a, 0xff, 0xff, 0xff, 0xff], "truncated"],
  [
    "a list that claims 2^64 - 1 items",
    [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
    "truncated",
  ],
  ["a map that claims 2^63 pairs", [0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x00], "truncated"],
  ["bytes that claim 2^64 - 1 of them", [0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "truncated"],
  ["a map with a key and no value", [0xa1, 0x61, 0x61], "truncated"],
  ["a number without its bytes", [0x1b, 0, 0, 0], "truncated"],
  ["a float without its bytes", [0xfb, 0, 0, 0], "truncated"],
  ["two items", [0x01, 0x02], "trailing-bytes"],
  ["a date", [0xc1, 0x1a, 0, 0, 0, 0], "tag"],
  ["a big number", [0xc2, 0x41, 0x01], "tag"],
  ["a tag inside a list", [0x81, 0xd8, 0x28, 0x80], "tag"],
  ["a list without an end", [0x9f, 0x01, 0xff], "indefinite-length"],
  ["a map without an end", [0xbf, 0xff], "indefinite-length"],
  ["a text in pieces", [0x7f, 0x61, 0x61, 0xff], "indefinite-length"],
  ["a lone break", [0xff], "indefinite-length"],
  ["a reserved length", [0x1c], "reserved"],
  ["a simple value nobody has given a meaning", [0xe0], "reserved"],
  ["a simple value in two bytes", [0xf8, 0xff], "reserved"],
  ["a map with a number as key", [0xa1, 0x01, 0x02], "key-not-text"],
  ["a map with bytes as key", [0xa1, 0x41, 0x01, 0x02], "key-not-text"],
  ["a map whose second key is a list", [0xa2, 0x61, 0x61, 0x01, 0x80, 0x02], "key-not-text"],
])("%s is refused", (_what, bytes, why) => {
  expect(malformed(...bytes)).toBe(why);
});

test("lists may be nested as deep as the limit and no deeper", () => {
  const nested = (depth: number) => bytesOf(...Array.from({ length: depth }, () => 0x81), 0x00);

  expect(inspect(nested(cborDepthMax)).malformed).toBeUndefined();
  expect(inspect(nested(cborDepthMax + 1)).malformed).toBe("too-deep");
});

test("there may be as many items as the limit and no more", () => {
  const listOf = (items: number) => {
    const bytes = new Uint8Array(items + 5);
    bytes.set([0x9a, items >> 24, (items >> 16) & 255, (items >> 8) & 255, items & 255]);
    return bytes;
  };

  expect(inspect(listOf(cborItemsMax - 1)).malformed).toBeUndefined();
  expect(inspect(listOf(cborItemsMax)).malformed).toBe("too-many-items");
});

test("negative integers of 64 bits are pointed at, also after others", () => {
  const bytes = encode([-1, -5_000_000_000, 5_000_000_000, { deep: [-6_000_000_000] }]);

  const { wideNegatives } = inspect(bytes);

  expect(wideNegatives).toHaveLength(2);
  expect(wideNegatives.every((position) => bytes[position] === 0x3b)).toBe(true);
});

test.each([
  ["list heads", 0x81],
  ["map heads", 0xa1],
  ["empty lists", 0x80],
  ["empty maps", 0xa0],
  ["wide negatives", 0x3b],
  ["small numbers", 0x00],
  ["heads of the longest text", 0x7b],
  ["tags", 0xc0],
])("a whole payload of %s is judged in a moment", (_what, byte) => {
  const bytes = new Uint8Array(payloadBytesMax).fill(byte);
  // As one list of them, so that the scan does not end at the first.
  bytes.set([0x9a, 0, 3, 0xff, 0xfb]);

  const startedAt = performance.now();
  const { malformed } = inspect(bytes);

  expect(malformed).toBeDefined();
  expect(performance.now() - startedAt).toBeLessThan(200); // some 5 ms on a slow machine
});
