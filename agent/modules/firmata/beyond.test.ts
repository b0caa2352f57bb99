import { expect, test } from "vitest";
import { beyond } from "./beyond.ts";
import { settings } from "./settings.ts";

const withPulses = (...pulses: readonly number[]) =>
  settings.parse({ path: "/dev/ttyACM0", inputs: { lid: { device: "servo", pin: 9, pulses } } });

test.each([
  ["firmata-lite", "1.1", [500, 2500], false],
  ["firmata-lite", "2.0", [500, 2500], false],
  ["firmata-lite", "1.0", [500, 2500], true],
  ["StandardFirmata.ino", "2.5", [500, 2500], true],
  ["StandardFirmata.ino", "2.5", [2400, 543], true],
  ["StandardFirmata.ino", "2.5", [544, 2400], false],
])("%s %s with pulses of %j: refused: %s", (firmware, release, pulses, isRefused) => {
  const words = beyond({ firmware, release }, withPulses(...pulses));

  expect(words !== undefined).toBe(isRefused);
  if (isRefused)
    expect(words).toContain(`${firmware} ${release}, which takes pulses below 544 µs for degrees`);
});
