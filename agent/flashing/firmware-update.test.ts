import { expect, test } from "vitest";
import { encodeWidgetFrame, labels } from "@interactor/firmware-bridges/dmx-pro/host/codec.ts";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { FirmwareUpdate } from "./firmware-update.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function updateWith({ firmware = "firmata-lite", overwrite = false } = {}): FirmwareUpdate {
  const question = {
    baudRate: 57_600,
    bytes: encodeWidgetFrame(labels.getDevice),
    listen: () => () => undefined,
  };
  const board = { board: "uno", serialNumber: "75834353930351F0D1E2", folder: "/nowhere" } as const;
  const context = { clock: new VirtualClock(), log: silent };
  return new FirmwareUpdate({ ...board, firmware, question, overwrite }, context, () => undefined);
}

test.each([
  ["the same release, in three numbers", "firmata-lite", "1.0.0", false],
  ["the same release, in two", "firmata-lite", "1.0", false],
  ["an older one", "firmata-lite", "0.9", true],
  ["one that only begins alike", "firmata-lite", "1.00", true],
  ["some other firmware", "StandardFirmata.ino", "1.0", false],
])("a board with %s is replaced: %s %s: %s", (_what, firmware, release, isReplaced) => {
  expect(updateWith().isWanted({ firmware, release })).toBe(isReplaced);
});

test("some other firmware is replaced where that is said", () => {
  expect(updateWith({ overwrite: true }).isWanted({ firmware: "StandardFirmata.ino", release: "2.5" })).toBe(
    true,
  );
});

test("what the agent has no image for is never replaced", () => {
  const update = updateWith({ firmware: "dmx-pro", overwrite: true });

  expect(update.isWanted({ firmware: "dmx-pro", release: "0.9" })).toBe(false);
});

test("one that does not answer is given up after three times, and only where that is said", () => {
  const [careful, bold] = [updateWith(), updateWith({ overwrite: true })];
  for (const update of [careful, bold]) for (let time = 0; time < 3; time++) update.asked();

  expect([careful.isGivenUp, bold.isGivenUp]).toEqual([false, true]);
  bold.isWanted({ firmware: "firmata-lite", release: "1.0" });
  expect(bold.isGivenUp).toBe(false);
});
