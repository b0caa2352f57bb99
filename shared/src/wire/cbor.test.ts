import { expect, test } from "vitest";
import fc from "fast-check";
import { decode as decodeWithCborg, encode as encodeWithCborg } from "cborg";
import { decodeCbor, encodeCbor, wireInteger } from "./cbor.ts";
import { payloadBytesMax } from "./limits.ts";

/** -0 may become 0: no reading differs by it. */
/** Of one to four bytes in UTF-8. */
const character = fc.constantFrom(...Array.from("aZ0 \n\0äß漢😀\u0301"));
const number = fc.double().map((value) => (Object.is(value, -0) ? 0 : value));
/** One key of JavaScript's own is renamed by the decoder, see below. */
const key = fc.string().filter((text) => text !== "__proto__");
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.boolean(),
    fc.constant(null),
    number,
    fc.maxSafeInteger(),
    fc.string({ unit: character }),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

test("what is encoded is decoded to the same", () => {
  fc.assert(
    fc.property(value, (each) => {
      expect(decodeCbor(encodeCbor(each))).toEqual({ ok: true, value: each });
    }),
    { numRuns: 500 },
  );
});

test("another library reads what we write, and we read what it writes", () => {
  fc.assert(
    fc.property(value, (each) => {
      expect(decodeWithCborg(encodeCbor(each))).toEqual(each);
      expect(decodeCbor(encodeWithCborg(each))).toEqual({ ok: true, value: each });
    }),
    { numRuns: 500 },
  );
});

test("integers of 64 bits and both signs come in as the nearest number", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }), (integer) => {
      const decoded = decodeCbor(encodeWithCborg([integer]));

      expect(decoded).toEqual({ ok: true, value: [Number(integer)] });
    }),
  );
});

test("a negative integer between two numbers is rounded once", () => {
  // Rounding 18047771067725234 first and taking one from it then would give another number.
  const integer = -18_047_771_067_725_235n;

  expect(decodeCbor(encodeWithCborg(integer))).toEqual({ ok: true, value: Number(integer) });
});

test("a wide negative integer leaves the bytes it came in untouched", () => {
  const bytes = encodeWithCborg(-5_000_000_000);
  const before = bytes.slice();

  decodeCbor(bytes);

  expect(bytes).toEqual(before);
});

test("a whole number is written as an integer however large", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (whole) => {
      const bytes = encodeCbor(wireInteger(whole));

      expect((bytes[0] ?? 0) >> 5).toBe(0);
      expect(decodeWithCborg(bytes)).toBe(whole);
    }),
  );
});

test("decoding never throws, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeCbor(bytes)),
    { numRuns: 3000 },
  );
});

test("decoding never throws when single bytes of a message have changed", () => {
  fc.assert(
    fc.property(
      value,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (each, changes) => {
        const bytes = encodeCbor(each).slice();
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;

        decodeCbor(bytes);
      },
    ),
    { numRuns: 2000 },
  );
});

test("bytes beyond the payload limit are refused unread", () => {
  expect(decodeCbor(new Uint8Array(payloadBytesMax + 1))).toEqual({ ok: false, error: "too-large" });
});

test("a key named __proto__ reaches no prototype", () => {
  const bytes = Uint8Array.from([
    0xa1,
    0x69,
    ...new TextEncoder().encode("__proto__"),
    0xa1,
    0x61,
    0x78,
    0x01,
  ]);

  const decoded = decodeCbor(bytes);

  expect(decoded.ok && Object.getPrototypeOf(decoded.value)).toBe(Object.prototype);
  expect(decoded.ok && Reflect.get(Object(decoded.value), "x")).toBeUndefined();
});

test("decoded bytes do not share the memory they came in", () => {
  const payload = encodeCbor({ raw: Uint8Array.from([1, 2, 3]) }).slice();
  const decoded = decodeCbor(payload);

  payload.fill(0);

  expect(decoded).toEqual({ ok: true, value: { raw: Uint8Array.from([1, 2, 3]) } });
});

test.each([
  [
    "a map of thirty thousand keys",
    () =>
      encodeWithCborg(
        Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`k${10_000 + index}`, 0])),
      ),
  ],
  ["a list of empty maps", () => new Uint8Array(90_000).fill(0xa0).fill(0x9a, 0, 1)],
  ["one text of the whole payload", () => encodeWithCborg("é".repeat(120_000))],
])("%s is decoded in bounded time", (_what, make) => {
  const bytes = make();

  const before = process.cpuUsage();
  decodeCbor(bytes);

  expect(process.cpuUsage(before).user / 1000).toBeLessThan(500); // some 20 ms on a slow machine
});
