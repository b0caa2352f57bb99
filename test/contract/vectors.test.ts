import { describe, expect, test } from "vitest";
import { decode as decodeWithCborg, encode as encodeWithCborg } from "cborg";
import { decodeBatch, encodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { batchOf, entryOf, noon, sessionNumber } from "@interactor/shared/testing/builders";
import { codecs, readVector, vectorFiles, wireRules } from "./wire-vector.ts";

const names = vectorFiles()
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length));

test("there are vectors, each with content, bytes, a codec and a place in the rules", () => {
  const expected = Object.keys(codecs).flatMap((name) => [`${name}.json`, `${name}.cbor.hex`]);

  expect(names.length).toBeGreaterThan(0);
  expect(vectorFiles().toSorted()).toEqual([...expected, "wire.cddl"].toSorted());
  const mentioned = [...wireRules().matchAll(/^; vectors: (.*)$/gm)].flatMap(
    ([, list]) => list?.split(" ") ?? [],
  );
  expect(mentioned.toSorted()).toEqual(names.toSorted());
});

describe.each(names)("the vector %s", (name) => {
  const vector = readVector(name);
  const codec = codecs[name];

  test("is what our encoder makes of the message", () => {
    const bytes = codec?.encode(vector.message);

    expect(Buffer.from(bytes ?? []).toString("hex")).toBe(Buffer.from(vector.bytes).toString("hex"));
  });

  test("is read by our decoder", () => {
    expect(codec?.decode(vector.bytes, vector.message)).toEqual({ ok: true, value: vector.message });
  });

  test("is read by another library as the same content", () => {
    expect(decodeWithCborg(vector.bytes)).toEqual(vector.wire);
  });

  test("is read by us when another library has written the content", () => {
    const bytes = encodeWithCborg(vector.wire);

    expect(codec?.decode(bytes, vector.message)).toEqual({ ok: true, value: vector.message });
  });

  test("is read past fields that a newer peer has appended", () => {
    const bytes = encodeWithCborg(withAppended(vector.wire, vector.message));

    expect(codec?.decode(bytes, vector.message)).toEqual({ ok: true, value: vector.message });
  });

  test("is refused as of an unknown version when it says another one", () => {
    const bytes = encodeWithCborg(
      Array.isArray(vector.wire) ? [2, ...vector.wire.slice(1)] : { ...Object(vector.wire), v: 2 },
    );

    expect(codec?.decode(bytes, vector.message)).toEqual({ ok: false, error: "unknown-version" });
  });

  test("is refused when it ends too early, wherever that is", () => {
    const nothing = codec?.decode(new Uint8Array(), vector.message);
    expect(nothing).toEqual(codec?.ofNothing ?? { ok: false, error: "empty" });
    for (let length = 1; length < vector.bytes.length; length++) {
      expect(codec?.decode(vector.bytes.slice(0, length), vector.message)).toEqual({
        ok: false,
        error: "truncated",
      });
    }
  });
});

describe("a batch that another library wrote", () => {
  const session = sessionNumber(7);
  const field = new Uint8Array(8).fill(7);
  const write = (baseAt: number | bigint, firstSeq: number | bigint, ...bodies: readonly unknown[]) =>
    encodeWithCborg([
      1,
      2,
      field,
      firstSeq,
      baseAt,
      bodies.map((body) => [0, "a/b", null, null, 0, null, 0, body]),
    ]);
  const read = (bytes: Uint8Array) => {
    const decoded = decodeBatch(bytes, lane.telemetry);
    return decoded.ok ? decoded.value : decoded.error;
  };

  test.each([
    ["just above 32 bits", 4_294_967_296, -4_294_967_297],
    ["of ten digits", 5_000_000_000, -5_000_000_000],
    ["the largest that stay exact", Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  ])("keeps integers %s, of both signs", (_which, positive, negative) => {
    const bytes = write(noon, 0, positive, negative);

    // It must be integers that stand there, else this test shows nothing.
    expect([...bytes].filter((byte) => byte === 0x1b).length).toBeGreaterThan(1);
    expect(bytes).toContain(0x3b);
    expect(read(bytes)).toEqual(
      batchOf({ session, entries: [positive, negative].map((body) => entryOf({ from: "a/b", body })) }),
    );
  });

  test("rounds what no number can hold to the nearest one", () => {
    const bytes = write(noon, 0, 2n ** 63n, -(2n ** 63n));

    const decoded = decodeBatch(bytes, lane.telemetry);

    expect(decoded.ok && decoded.value.entries.map(({ body }) => body)).toEqual([2 ** 63, -(2 ** 63)]);
  });

  test("keeps a wide stamp and a wide number", () => {
    const bytes = write(1_800_000_000_123_456n, 9_007_199_254_740_000n, true);

    expect(read(bytes)).toMatchObject({
      firstSeq: 9_007_199_254_740_000,
      entries: [{ at: 1_800_000_000_123_456 }],
    });
  });

  test("may write whole numbers as floats", () => {
    const bytes = encodeWithCborg([1, 2, field, 4, noon, [[0, "a/b", null, 5, 0, null, 0, 1]]], {
      float64: true,
    });

    expect(read(bytes)).toEqual(
      batchOf({ session, firstSeq: 4, entries: [entryOf({ from: "a/b", ttl: 5 as never, body: 1 })] }),
    );
  });
});

test("a batch of ours with integers of every width is read alike by another library", () => {
  const bodies = [0, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, 2 ** 53 - 1].flatMap(
    (each) => [each, -each - 1],
  );

  const bytes = encodeBatch(batchOf({ entries: bodies.map((body) => entryOf({ body })) }));

  const fields: unknown = decodeWithCborg(bytes);
  expect(Array.isArray(fields) && fields[5].map((entry: readonly unknown[]) => entry[7])).toEqual(bodies);
});

/** The content with one more field at the end of every array and map that may grow. */
function withAppended(wire: unknown, message: unknown): unknown {
  if (!Array.isArray(wire)) return { ...Object(wire), novel: { deep: [1] } };
  const isBatch = typeof message === "object" && message !== null && "entries" in message;
  if (!isBatch) return [...wire, "novel"];
  const entries: readonly (readonly unknown[])[] = wire[5];
  // The ninth field of an entry is known: the route. What is new comes after it.
  const grown = entries.map((entry) => [
    ...entry,
    ...(entry.length === 8 ? [null] : []),
    "novel",
    { deep: [1] },
  ]);
  // So is the seventh of a batch: when it was sent.
  return [...wire.slice(0, 5), grown, wire[6] ?? null, "novel"];
}
