import { startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, test } from "vitest";
import { fromBoard, toBoard } from "./messages.ts";
import { definition } from "./module.ts";
import { settings } from "./settings.ts";

const path = "/dev/serial/by-id/usb-Arduino-if00";
const led = { device: "led", pin: 13 };

test("what is left out is filled in, with type and unit for the hub", () => {
  const parsed = settings.parse({
    path,
    outputs: { air: { device: "thermometer", pin: "A1" }, button: { device: "button", pin: 2 } },
    inputs: { lid: { device: "servo", pin: 9 }, glow: { device: "dimmed-led", pin: 3 } },
  });

  expect(parsed).toMatchObject({
    baudRate: 57_600,
    outputs: {
      air: { type: "float", unit: "Cel", controller: "TMP36", freq: 50 },
      button: { type: "bool", pullup: true },
    },
    inputs: {
      lid: { type: "float", unit: "deg", min: 0, max: 180, pulses: [600, 2400] },
      glow: { type: "float", min: 0, max: 1, stop: 0 },
    },
  });
});

test("what moves says nothing of a show stop by itself: whoever builds the room does", () => {
  const parsed = settings.parse({ path, inputs: { lid: { device: "servo", pin: 9 } } });

  expect(parsed.inputs["lid"]).not.toHaveProperty("stop");
});

test.each([
  [{ path }, "outputs or inputs are needed"],
  [{ inputs: { led } }, "usb or path is needed"],
  [{ path, usb: "7583", inputs: { led } }, "usb or path is needed, and not both"],
  [{ usb: "75/83", inputs: { led } }, "a serial number"],
  [
    { path, flash: "uno", inputs: { led } },
    "only a board that is named by its serial number (usb) is flashed",
  ],
  [{ usb: "7583", flash: "due", inputs: { led } }, "the kind of board: uno, nano, nano-old, mega2560"],
  [{ usb: "7583", overwrite: true, inputs: { led } }, "needs flash, the kind of board"],
  [{ usb: "7583", flash: "uno", baudRate: 115_200, inputs: { led } }, "with flash it is 57600"],
  [{ path: "ttyACM0", inputs: { led } }, "/dev/serial/by-id"],
  [{ path, inputs: { led, other: { device: "relay", pin: 13 } } }, "pin 13 is already led"],
  [
    { path, outputs: { a: { device: "sensor", pin: "A0" } }, inputs: { led: { device: "led", pin: "A0" } } },
    "pin A0 is already a",
  ],
  [{ path, outputs: { a: { device: "sensor", pin: "B0" } } }, "a pin such as 9 or A0"],
  [{ path, outputs: { a: { device: "lidar", pin: 1 } } }, "device"],
  [{ path, outputs: { a: { device: "imu", reading: "pressure" } } }, "reading"],
  [{ path, outputs: { a: { device: "sensor", pin: "A0", freq: 1 } } }, "freq"],
  [{ path, inputs: { a: { device: "stepper", step: 5, direction: 5 } } }, "pin 5 is already a"],
  [{ path, inputs: { a: { device: "servo", pin: 9, pulses: [299, 2400] } } }, "pulses"],
  [{ path, inputs: { a: { device: "servo", pin: 9, pulses: [600, 3001] } } }, "pulses"],
  [{ path, inputs: { a: { device: "servo", pin: 9, pulses: [600, 600] } } }, "not the same"],
])("settings %j are refused and %s is named", (given, words) => {
  const parsed = settings.safeParse(given);

  expect(parsed.success ? "accepted" : JSON.stringify(parsed.error.issues)).toContain(words);
});

test("the process of a board is told settings as they were read, and says nothing that is not known", () => {
  const read = settings.parse({ path, inputs: { led } });

  expect(toBoard.parse({ kind: "begin", path, settings: read, places: {} })).toEqual({
    kind: "begin",
    path,
    settings: read,
    places: {},
  });
  expect(fromBoard.safeParse({ kind: "value", output: "a", value: "text" }).success).toBe(false);
});

test("an instance that is stopped at once ends its board's process", async () => {
  const bench = await startOnBench(
    definition,
    { path: "/dev/no-such-board", inputs: { led } },
    { clock: new VirtualClock() },
  );

  await bench.stop();

  expect(bench.states).toEqual([]);
});
