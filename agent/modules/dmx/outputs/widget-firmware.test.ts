import { encodeWidgetFrame, labels } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { millis } from "@interactor/shared/sdk/define-module";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, test } from "vitest";
import { WidgetFirmware, widgetQuestion } from "./widget-firmware.ts";

const device = (name: string): Uint8Array => Uint8Array.of(1, 0, ...Buffer.from(name));
const parameters = (major: number, minor: number): Uint8Array => Uint8Array.of(minor, major, 9, 2, 40);
const openLine = new AbortController().signal;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function firmwareWith({ overwrite = false } = {}) {
  const clock = new VirtualClock();
  const written: Uint8Array[] = [];
  const flash = { board: "mega2560", serialNumber: "7593331313335160E0A1", overwrite } as const;
  const firmware = new WidgetFirmware(
    flash,
    { clock, log: silent },
    (bytes) => written.push(bytes),
    "/nowhere",
  );
  await firmware.found("/dev/nothing-here");
  return { clock, firmware, written };
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
  ["the release that the agent brings", "dmx-pro", parameters(1, 1)],
  ["a widget of somebody else's", "DMX USB PRO", parameters(1, 44)],
])("%s is left as it is", async (_what, name, answer) => {
  const { firmware, written } = await firmwareWith();
  const greeting = firmware.greet(new Uint8Array(512), openLine);

  firmware.heard(labels.getDevice, device(name));
  firmware.heard(labels.getParameters, answer);

  await greeting;
  expect(written).toHaveLength(1);
});

test("a widget that does not say what it runs is left as it is, after a second", async () => {
  const { clock, firmware, written } = await firmwareWith();
  const greeting = firmware.greet(new Uint8Array(512), openLine);

  clock.advance(millis(1000));

  await greeting;
  expect(written).toHaveLength(1);
});

test("a line that could not be opened, however often, says nothing about the widget", async () => {
  const { firmware } = await firmwareWith({ overwrite: true });

  // Another program has it, or it is pulled: the path is found again and again.
  for (let time = 0; time < 10; time++)
    await expect(firmware.found("/dev/nothing-here")).resolves.toBeUndefined();
});

test("a widget that answers, but never says what it runs, is not taken for silent", async () => {
  const { clock, firmware } = await firmwareWith({ overwrite: true });

  for (let time = 0; time < 5; time++) {
    firmware.asked(openLine);
    firmware.heard(labels.getSerial, Uint8Array.of(1, 2, 3, 4));
    clock.advance(millis(60_000));
    await expect(firmware.found("/dev/nothing-here")).resolves.toBeUndefined();
  }
});

test("a widget that says nothing three times is replaced where that is said", async () => {
  const { clock, firmware } = await firmwareWith({ overwrite: true });
  for (let time = 0; time < 3; time++) {
    firmware.asked(openLine);
    clock.advance(millis(60_000));
  }

  await expect(firmware.found("/dev/nothing-here")).rejects.toThrow("being written");
  await firmware.stop();
});

test("what is known too late, after the line was let go of, replaces nothing", async () => {
  const { clock, firmware, written } = await firmwareWith();
  const opening = new AbortController();
  const greeting = firmware.greet(new Uint8Array(512), opening.signal);
  firmware.heard(labels.getDevice, device("dmx-pro"));
  firmware.heard(labels.getParameters, parameters(0, 9));
  opening.abort();
  clock.advance(millis(1000));

  await greeting;
  expect(written).toHaveLength(1);
  await expect(firmware.found("/dev/nothing-here")).resolves.toBeUndefined();
});
