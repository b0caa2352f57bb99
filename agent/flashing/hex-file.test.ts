import { expect, test } from "vitest";
import { hexOf, programIn } from "./hex-file.ts";

const record = (address: string, kind: string, data: string): string => `:02${address}${kind}${data}00`;

test("the bootloader and what is empty are left out, and the end stays", () => {
  const hex = [record("0000", "00", "0C94"), record("77FE", "00", "1234"), record("0100", "00", "FFFF")];
  const boot = [record("7800", "00", "1124"), record("7E00", "00", "1124")];

  expect(programIn([...hex, ...boot, ":00000001FF", ""].join("\r\n"), "atmega328p")).toBe(
    [hex[0], hex[1], ":00000001FF", ""].join("\n"),
  );
});

test("addresses beyond 64 KB are those of their segment", () => {
  const within = [record("0000", "02", "3000"), record("DFFE", "00", "0001")];
  const linear = [record("0000", "04", "0003"), record("E000", "00", "0002"), record("DFFC", "00", "0003")];

  expect(
    programIn([...within, ...linear].join("\n"), "atmega2560")
      .trim()
      .split("\n"),
  ).toEqual([...within, linear[0], linear[2]]);
});

test("what is no hex file is refused", () => {
  expect(() => programIn("<html>", "atmega328p")).toThrow(/no hex file/u);
});

test("a program becomes records of 16 bytes with their sums, and is read as it was", () => {
  const hex = hexOf(
    Uint8Array.from({ length: 18 }, (_, at) => at + 1),
    "atmega328p",
  );

  expect(hex.split("\n")).toEqual([
    ":100000000102030405060708090A0B0C0D0E0F1068",
    ":020010001112CB",
    ":00000001FF",
    "",
  ]);
  expect(programIn(hex, "atmega328p")).toBe(hex);
});

test.each([
  [0, "atmega328p", "the firmware is empty"],
  [0x78_01, "atmega328p", "the firmware has 30721 bytes, and 30720 fit into an atmega328p"],
  [0x1_00_01, "atmega2560", "the firmware has 65537 bytes, and 65536 fit into an atmega2560"],
] as const)("a program of %d bytes for an %s is refused: %s", (length, chip, words) => {
  expect(() => hexOf(new Uint8Array(length), chip)).toThrow(words);
});
