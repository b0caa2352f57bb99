import { expect, test } from "vitest";
import { settings } from "../settings.ts";

const place = { kind: "usb", serialNumber: "EN264168" };

test.each([
  ["a widget that is not named", { usb: {} }, "usb: serial or path is needed, and not both"],
  [
    "a widget that is named twice",
    { usb: { serial: "EN264168", path: "/dev/ttyUSB0" } },
    "usb: serial or path is needed, and not both",
  ],
  [
    "a serial number that YAML takes for a number",
    { openDmx: { serial: 12_345_678 } },
    'openDmx.serial: must be a serial number in quotes, such as "75834353930351F0D1E2"',
  ],
  [
    "one adapter as both",
    { usb: { serial: "EN264168" }, openDmx: { serial: "EN264168" } },
    "openDmx.serial: is the line of usb: one adapter is either, not both",
  ],
  [
    "a look that is remembered anywhere",
    { sacn: {}, remember: true },
    "remember: must be a path such as /run/interactor/stage, or false",
  ],
])("%s is refused in words that help", (_, given, problem) => {
  const parsed = settings.safeParse({ universe: 1, ...given });

  expect(parsed.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)).toEqual([problem]);
});

test("a line is named by the serial number of its adapter, wherever one is named", () => {
  const named = { serial: "EN264168" };

  expect(settings.parse({ universe: 1, usb: named }).usb?.place).toEqual(place);
  expect(settings.parse({ universe: 1, openDmx: named }).openDmx?.place).toEqual(place);
  expect(settings.parse({ universe: 1, receive: { usb: named } }).receive?.usb?.place).toEqual(place);
});
