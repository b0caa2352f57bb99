import { encodeWidgetFrame, labels } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, test } from "vitest";
import { WidgetFirmware, widgetQuestion } from "./widget-firmware.ts";

const device = (name: string): Uint8Array => Uint8Array.of(1, 0, ...Buffer.from(name));
const parameters = (major: number, minor: number): Uint8Array => Uint8Array.of(minor, major, 9, 2, 40);
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function firmwareWith(overwrite = false) {
  const written: Uint8Array[] = [];
  const flash = { board: "mega2560", serialNumber: "7593331313335160E0A1", overwrite } as const;
  const context = { clock: new VirtualClock(), log: silent };
  const firmware = new WidgetFirmware(flash, context, (bytes) => written.push(bytes));
  firmware.opened();
  return { firmware, written };
}

test("a widget's two answers say what it runs, in whatever order", () => {
  const take = widgetQuestion.listen();

  expect(take(encodeWidgetFrame(labels.getParameters, parameters(1, 0)))).toBeUndefined();
  expect(take(encodeWidgetFrame(labels.getDevice, device("dmx-pro")))).toEqual({
    firmware: "dmx-pro",
    release: "1.0",
  });
});

test.each([
  ["an older release", "dmx-pro", parameters(0, 9), true],
  ["the release that the agent brings", "dmx-pro", parameters(1, 0), false],
  ["a widget of somebody else's", "DMX USB PRO", parameters(1, 44), false],
])("%s: replaced", (_what, name, answer, isReplaced) => {
  const { firmware } = firmwareWith();

  expect(firmware.heard(labels.getDevice, device(name))).toBe(false);
  expect(firmware.heard(labels.getParameters, answer)).toBe(isReplaced);
  // It is said once.
  expect(firmware.heard(labels.getParameters, answer)).toBe(false);
});

test("what has not said that it is a widget is not asked more, and is given up only where that is said", () => {
  const careful = firmwareWith();
  const bold = firmwareWith(true);
  const minute = Array.from({ length: 60 });

  expect(minute.map(() => careful.firmware.tick(false))).not.toContain(true);
  expect(careful.written).toEqual([]);
  expect(minute.map(() => bold.firmware.tick(false))).toContain(true);
});

test("a widget that has not said what it runs is asked each second, until it has", () => {
  const { firmware, written } = firmwareWith();
  firmware.tick(true);
  firmware.tick(true);
  expect(written).toHaveLength(2);

  firmware.heard(labels.getDevice, device("dmx-pro"));
  firmware.heard(labels.getParameters, parameters(1, 0));
  firmware.tick(true);

  expect(written).toHaveLength(2);
});
