import * as fc from "fast-check";
import { expect, test } from "vitest";
import { lineReader } from "./read-line.ts";
import { settings } from "./settings.ts";

const readerOf = (written: object) => lineReader(settings.parse({ path: "/dev/ttyUSB0", ...written }));
const valuesOf = (content: ReturnType<ReturnType<typeof lineReader>>) =>
  Object.fromEntries(content.readings.map(({ output, value }) => [output, value]));

test("a pattern gives the groups that took part, by the output's name or by the group it names", () => {
  const read = readerOf({
    format: "pattern",
    pattern: String.raw`T=(?<temperature>[^ ]*) H=(?<h>[^ ]*)|B=(?<button>\d)`,
    outputs: {
      temperature: { type: "float", unit: "Cel" },
      humidity: { type: "int", group: "h" },
      button: { type: "bool" },
    },
  });

  expect(valuesOf(read("T=21.5 H=40"))).toEqual({ temperature: 21.5, humidity: 40 });
  expect(valuesOf(read("B=1"))).toEqual({ button: true });
  expect(read("T=21.5 H=40.2")).toEqual({
    readings: [{ output: "temperature", value: 21.5 }],
    faults: ["not-an-integer"],
  });
  expect(read("hello")).toEqual({ readings: [], faults: ["unmatched"] });
});

test("columns are found by number, and an empty cell is no value", () => {
  const read = readerOf({
    format: "csv",
    separator: ";",
    outputs: { left: { type: "float", column: 1 }, right: { type: "float", column: 3 } },
  });

  expect(valuesOf(read("1.5; x ;2"))).toEqual({ left: 1.5, right: 2 });
  expect(valuesOf(read(";x;2"))).toEqual({ right: 2 });
  expect(read("1.5").readings).toEqual([{ output: "left", value: 1.5 }]);
  expect(read(";;").faults).toEqual(["unmatched"]);
});

test("columns are found by the names of the header, which may come late and again", () => {
  const read = readerOf({
    format: "csv",
    header: true,
    outputs: { distance: { type: "float", column: "dist" } },
  });

  expect(read("7,1.2").faults).toEqual(["no-header"]);
  expect(read("t, dist")).toEqual({ readings: [], faults: [] });
  expect(valuesOf(read("7,1.2"))).toEqual({ distance: 1.2 });
  expect(read("dist,t")).toEqual({ readings: [], faults: [] });
  expect(valuesOf(read("1.3,8"))).toEqual({ distance: 1.3 });
});

test("a header that lost its beginning gives no wrong columns", () => {
  const read = readerOf({
    format: "csv",
    header: true,
    outputs: { distance: { type: "float", column: "dist" } },
  });

  read("ature,dist,light"); // of: time,temperature,dist,light

  expect(read("1,20,0.8,300")).toEqual({ readings: [], faults: ["column-count"] });
});

test("JSON values are found by pointer, own properties and scalars only", () => {
  const read = readerOf({
    format: "json",
    outputs: {
      t: { type: "float" },
      second: { type: "int", pointer: "/list/1/n~1m" },
      on: { type: "bool" },
      note: { type: "text", pointer: "/constructor" },
    },
  });

  expect(valuesOf(read('{"t": 20, "list": [0, {"n/m": 3}], "on": false}'))).toEqual({
    t: 20,
    second: 3,
    on: false,
  });
  expect(valuesOf(read('{"t": "20.5", "on": 1}'))).toEqual({ t: 20.5, on: true });
  expect(read('{"t": null}').faults).toEqual(["unmatched"]);
  expect(read('{"t": [1]}').faults).toEqual(["unmatched"]);
  expect(read('{"t": true}').faults).toEqual(["not-a-number"]);
  expect(read('"t": 20}').faults).toEqual(["not-json"]);
  expect(read("12").faults).toEqual(["unmatched"]);
});

test("a line without any output is nothing to complain about when no output is declared", () => {
  const read = readerOf({ format: "csv", outputs: {} });

  expect(read("boot ok")).toEqual({ readings: [], faults: [] });
});

test("no line whatever makes a reader throw, and what is not read is given a reason", () => {
  const outputs = { a: { type: "float" }, b: { type: "bool" } };
  const readers = [
    readerOf({ format: "json", outputs }),
    readerOf({ format: "pattern", pattern: String.raw`(?<a>[^,]*),(?<b>.*)`, outputs }),
    readerOf({ format: "csv", outputs: { a: { type: "float", column: 1 }, b: { type: "bool", column: 2 } } }),
  ];
  const lines = fc.oneof(fc.string(), fc.json(), fc.constant("[".repeat(4096)));

  fc.assert(
    fc.property(lines, fc.constantFrom(...readers), (line, read) => {
      const { readings, faults } = read(line);
      expect(readings.length + faults.length).toBeGreaterThan(0);
    }),
    { numRuns: 1000 },
  );
});
