import { expect, test } from "vitest";
import { chooseChip, type FoundChip } from "./chips.ts";
import {
  decodeValues,
  encodeInputRequest,
  encodeOutputRequest,
  encodeValues,
  type InputLine,
} from "./kernel-abi.ts";

const chip = (path: string, label: string): FoundChip => ({ path, info: { name: "", label, lines: 54 } });

test.each([
  [
    "a Pi 5 of today",
    [chip("/dev/gpiochip0", "pinctrl-rp1"), chip("/dev/gpiochip10", "gpio-brcmstb")],
    "/dev/gpiochip0",
  ],
  [
    "a Pi 5 of before",
    [chip("/dev/gpiochip0", "gpio-brcmstb"), chip("/dev/gpiochip4", "pinctrl-rp1")],
    "/dev/gpiochip4",
  ],
  [
    "a Pi 4",
    [chip("/dev/gpiochip1", "raspberrypi-exp-gpio"), chip("/dev/gpiochip0", "pinctrl-bcm2711")],
    "/dev/gpiochip0",
  ],
  ["a Pi 3", [chip("/dev/gpiochip0", "pinctrl-bcm2835")], "/dev/gpiochip0"],
  ["a PC", [chip("/dev/gpiochip0", "INT34C6:00")], undefined],
])("the header of %s is found by its label", (_, found, path) => {
  expect(chooseChip(found, "auto")?.path).toBe(path);
});

test("another chip is named by its label or its path", () => {
  const found = [chip("/dev/gpiochip0", "pinctrl-rp1"), chip("/dev/gpiochip2", "mcp23017")];

  expect(chooseChip(found, "mcp23017")?.path).toBe("/dev/gpiochip2");
  expect(chooseChip(found, "/dev/gpiochip2")?.path).toBe("/dev/gpiochip2");
  expect(chooseChip(found, "pca9555")).toBeUndefined();
});

test("levels of 64 lines go there and back", () => {
  const levels = Array.from({ length: 64 }, (_, index) => index % 3 === 0 || index === 63);

  expect(decodeValues(encodeValues(levels), 64)).toEqual(levels);
});

test("lines that differ in more ways than the kernel takes are refused", () => {
  const lines = (count: number): InputLine[] =>
    Array.from({ length: count }, (_, offset) => ({
      offset,
      pull: "up",
      isActiveLow: false,
      debounceMicros: offset + 1,
    }));

  expect(encodeInputRequest(lines(10), "test")).toBeDefined();
  expect(encodeInputRequest(lines(11), "test")).toBeUndefined();
});

test("the name of whoever has a line ends in NUL, however long it is", () => {
  const request = encodeOutputRequest(
    [{ offset: 1, isActiveLow: false, isOpenDrain: false, first: true }],
    "x".repeat(99),
  );

  expect(request?.slice(0x100 + 30, 0x100 + 32)).toEqual(Uint8Array.of(120, 0));
});
