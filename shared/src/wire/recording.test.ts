import fc from "fast-check";
import { expect, test } from "vitest";
import { micros } from "../kernel/units.ts";
import { noon } from "../testing/builders.ts";
import type { Value } from "./value.ts";
import { readRecording, type RecordedReading, RecordingWriter } from "./recording.ts";

const readingOf = (
  after: number,
  value: Value = 1.5,
  given: Partial<RecordedReading["sample"]> = {},
): RecordedReading => ({
  at: micros(noon + after),
  from: "pi/sim/distance",
  sample: { value, unit: "m", quality: 0, at: micros(noon + after - 2000), isEvent: false, ...given },
});

function written(readings: readonly RecordedReading[]): Uint8Array {
  const writer = new RecordingWriter("demo");
  const pieces = readings.map((reading) => writer.add(reading)).filter((piece) => piece !== undefined);
  return Buffer.concat([...pieces, writer.end(noon)]);
}

const anyValue: fc.Arbitrary<Value> = fc.oneof(
  // The wire knows one nought.
  fc.double({ noNaN: true }).map((value) => value + 0),
  fc.boolean(),
  fc.string({ maxLength: 40 }),
  fc.array(fc.integer(), { maxLength: 4 }),
);

test("what is recorded is read as it was", () => {
  const readings = fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 10 ** 12 }).map((after) => micros(noon + after)),
      from: fc.constantFrom("pi/sim/distance", "pi/sim/button", "pi2/sim/distance"),
      sample: fc.record({
        value: anyValue,
        unit: fc.constantFrom("m", ""),
        quality: fc.constantFrom(0 as const, 1 as const, 2 as const),
        at: fc.integer({ min: -(10 ** 12), max: 10 ** 12 }).map((after) => micros(noon + after)),
        isEvent: fc.boolean(),
      }),
    }),
    { maxLength: 30 },
  );

  fc.assert(
    fc.property(readings, (given) => {
      const inOrder = given.toSorted((left, right) => left.at - right.at);

      const read = readRecording(written(inOrder));

      expect(read).toMatchObject({ ok: true, value: { site: "demo", isCutOff: false, isLeftOut: false } });
      expect(read.ok && read.value.readings).toEqual(inOrder);
    }),
  );
});

test("thousands of values go into blocks, and an output is named once", () => {
  const bytes = written(Array.from({ length: 3000 }, (_each, index) => readingOf(index * 1000)));

  expect(readRecording(bytes)).toMatchObject({ ok: true, value: { isCutOff: false } });
  expect(Buffer.from(bytes).toString("latin1").split("pi/sim/distance")).toHaveLength(2);
  expect(bytes.length).toBeLessThan(3000 * 24);
});

test("a file that was cut off has what stands before", () => {
  const bytes = written(Array.from({ length: 1200 }, (_each, index) => readingOf(index * 1000)));
  let seen = 0;

  for (let length = bytes.length - 1; length > 100; length -= 997) {
    const read = readRecording(bytes.subarray(0, length));
    expect(read).toMatchObject({ ok: true, value: { isCutOff: true } });
    if (read.ok && read.value.readings.length > 0) seen += 1;
  }

  expect(seen).toBeGreaterThan(10);
});

test("what is no recording is refused, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(readRecording(bytes)).toEqual({ ok: false, error: "no-recording" });
    }),
  );
  expect(readRecording(Buffer.from("routes:\n  - name: follow\n"))).toEqual({
    ok: false,
    error: "no-recording",
  });
});

test("a byte that is another one is told, or is another value: nothing is thrown", () => {
  const bytes = written(Array.from({ length: 20 }, (_each, index) => readingOf(index * 1000)));
  let damaged = 0;

  for (let place = 0; place < bytes.length; place += 1) {
    const read = readRecording(bytes.map((byte, index) => (index === place ? byte ^ 0x5a : byte)));
    if (!read.ok) damaged += 1;
  }

  expect(damaged).toBeGreaterThan(20);
});

test("a recording of a newer kind says so", () => {
  const bytes = Uint8Array.from(written([readingOf(0)]));
  // The version is the first value of the first map: text keys of one letter before it.
  const place = bytes.indexOf(0x76) + 1;
  bytes[place] = 2;

  expect(readRecording(bytes)).toEqual({ ok: false, error: "unknown-version" });
});

test("the bytes of a recording", () => {
  const bytes = written([readingOf(0), readingOf(1000, true, { isEvent: true })]);

  expect(Buffer.from(bytes).toString("hex")).toMatchInlineSnapshot(
    `"582ba4617601646b696e64697265636f7264696e6764736974656464656d6f6466726f6d1b000665172898800058458282836f70692f73696d2f64697374616e6365616df4836f70692f73696d2f64697374616e6365616df5828500001907d000fb3ff8000000000000851903e8011907d000f55820a4617601646b696e6463656e646872656164696e677302676c6566744f7574f4"`,
  );
});
