import { expect, test } from "vitest";
import { programIn } from "./hex-file.ts";

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
