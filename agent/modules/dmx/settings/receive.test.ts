import { outputSpec } from "@interactor/shared/sdk/define-module";
import { expect, test } from "vitest";
import { manifest } from "../manifest.ts";
import { settings } from "../settings.ts";

const valid = { universe: 1, sacn: {} };

test.each([
  [
    "nothing to receive",
    { ...valid, receive: {} },
    "receive: sacn, artnet or usb is needed: there is nothing to receive",
  ],
  [
    "a desk that is merged without a failsafe",
    { ...valid, receive: { sacn: {}, merge: true } },
    "receive.merge: what a desk shows needs a failsafe for when the desk is lost, such as failsafe: {hold: 5s, fade: 3s}",
  ],
  [
    "a widget that shall send and hear",
    { ...valid, usb: { path: "/dev/ttyUSB0" }, receive: { usb: { path: "/dev/ttyUSB0" } } },
    "receive.usb.path: is a line that is sent to: one widget sends or hears, not both",
  ],
  [
    "a widget by its serial number that shall send and hear",
    { ...valid, usb: { serial: "EN264168" }, receive: { usb: { serial: "EN264168" } } },
    "receive.usb.serial: is a line that is sent to: one widget sends or hears, not both",
  ],
  [
    "a widget to hear that is not named",
    { ...valid, receive: { usb: {} } },
    "receive.usb: serial or path is needed, and not both",
  ],
  [
    "a received channel that is an output",
    { ...valid, receive: { sacn: {}, channels: { universe: { channel: 1 } } } },
    'receive.channels.universe: the name "universe" is taken by a port of every dmx instance',
  ],
])("%s is refused in words that help", (_, given, problem) => {
  const parsed = settings.safeParse(given);

  expect(parsed.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)).toEqual([problem]);
});

test("settings of one that only receives need nowhere to send to, and give its channels as outputs", () => {
  const parsed = settings.parse({
    universe: 300,
    receive: {
      sacn: {},
      artnet: { net: 1, universe: 2 },
      channels: { fader: { channel: 7, label: "Main" } },
    },
  });

  expect(parsed.receive).toEqual({
    sacn: { universe: 300, port: 5568 },
    artnet: { portAddress: 0x102, port: 6454, priority: 100, timeout: 10_000 },
    merge: false,
    channels: { fader: { channel: 7, label: "Main" } },
  });
  expect(manifest.outputsFrom).toBe("/receive/channels");
  expect(outputSpec.parse({ ...manifest.outputsLike, ...parsed.receive?.channels["fader"] })).toEqual({
    type: "float",
    unit: "1",
    min: 0,
    max: 1,
    label: "Main",
  });
});
