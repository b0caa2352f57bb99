import { expect, test } from "vitest";
import { valueTextMax } from "../live/limits.ts";
import { numberText, quantityOf, quantityText } from "./quantity.ts";

test.each([
  [21.456, "Cel", "21.5 °C"],
  [87.24, "%", "87.2 %"],
  [1.2345, "m", "1.23 m"],
  [0.0421, "m", "0.042 m"],
  [12, "s", "12.0 s"],
  [250, "s", "4 min 10 s"],
  [7_500, "s", "2 h 5 min"],
  [270_000, "s", "3 d 3 h"],
  [999, "By/s", "999 B/s"],
  [1_234_567, "By/s", "1.2 MB/s"],
  [512_000_000, "By", "512 MB"],
  [90, "deg", "90.0°"],
  [44, "{frames}/s", "44.0 frames/s"],
  [3, "1", "3.00"],
  [1.5, "", "1.50"],
])("%s %s reads %s", (value, unit, expected) => {
  expect(quantityText(quantityOf(value, { type: "float", unit }))).toBe(expected);
});

test.each([
  [true, "on"],
  [false, "off"],
  ["", "empty text"],
  ["hello", "hello"],
  [null, "none"],
  [new Uint8Array(512), "512 bytes"],
  [{ a: 1, b: [true] }, '{"a":1,"b":[true]}'],
])("%s is said in words", (value, expected) => {
  expect(quantityOf(value).text).toBe(expected);
});

test("a value that never came is said to be missing", () => {
  expect(quantityOf(undefined, { type: "float", unit: "Cel" })).toEqual({ text: "no value yet", unit: "" });
});

test("a long text is cut", () => {
  expect(quantityOf("x".repeat(1000)).text).toHaveLength(valueTextMax);
});

test.each([
  [-0.0001, "-1.00e-4"],
  [-0, "0"],
  [1234.5, "1235"],
  [123.456, "123.5"],
  [12_345_678_901.5, "1.23e+10"],
])("the number %s reads %s", (value, expected) => {
  expect(numberText(value)).toBe(expected);
});

test("a reading that happens to be whole keeps its width, a count has no decimals", () => {
  expect([0.95, 1].map((value) => numberText(value, "float"))).toEqual(["0.950", "1.00"]);
  expect([numberText(7, "int"), numberText(7)]).toEqual(["7", "7"]);
});
