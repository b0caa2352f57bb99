import { expect, test } from "vitest";
import { wayOf } from "./beyond.ts";
import { settings } from "./settings.ts";

function way(firmware: string, release: string, pulses: readonly number[], given: object = {}) {
  const parsed = settings.parse({
    path: "/dev/ttyACM0",
    inputs: { lid: { device: "servo", pin: 9, pulses, ...given } },
  });
  const lid = parsed.inputs["lid"];
  if (lid?.device !== "servo") throw new Error("it is a servo");
  return wayOf("lid", lid, { firmware, release });
}

test.each([
  ["firmata-lite", "1.1", [500, 2500], [500, 2500]],
  ["firmata-lite", "2.0", [500, 2500], [500, 2500]],
  ["firmata-lite", "1.1", [500, 2600], [500, 2500]],
  ["firmata-lite", "1.0", [500, 2500], [544, 2500]],
  ["StandardFirmata.ino", "2.5", [500, 2500], [544, 2500]],
  ["StandardFirmata.ino", "2.5", [2400, 543], [544, 2400]],
  ["StandardFirmata.ino", "2.5", [544, 2400], [544, 2400]],
])("%s %s with pulses of %j gives %j, and each angle its pulse", (firmware, release, pulses, given) => {
  const found = way(firmware, release, pulses);
  if (typeof found === "string") throw new Error(found);

  const [first = 0, second = 0] = pulses;
  const isWhole = Math.min(first, second) === given[0] && Math.max(first, second) === given[1];
  expect(found.pulses).toEqual(given);
  for (let degrees = 0; degrees <= 180; degrees += 1) {
    const wanted = first + (degrees / 180) * (second - first);
    const pulse = Math.min(given[1] ?? 0, Math.max(given[0] ?? 0, wanted));
    expect(Math.abs(found.pulseAt(degrees) - pulse)).toBeLessThanOrEqual(0.501);
  }
  if (isWhole) expect(found.lack).toBeUndefined();
  else {
    expect(found.lack).toContain(`${given[0] === 500 ? 500 : 544} to 2500 µs`);
    expect(found.lack).toContain(`${firmware} ${release}`);
  }
});

test("angles that nobody sends it to lack nothing", () => {
  const found = way("StandardFirmata.ino", "2.5", [500, 2600], { min: 10, max: 120 });

  if (typeof found === "string") throw new Error(found);
  expect(found.lack).toBeUndefined();
  expect(found.pulseAt(0)).toBe(found.pulseAt(10));
  expect(found.pulseAt(180)).toBe(found.pulseAt(120));
});

test.each([
  [[300, 400], {}],
  [[2900, 2600], {}],
  [[300, 2500], { min: 0, max: 10 }],
])("one whose pulses of %j (%j) the board does not take is not moved", (pulses, given) => {
  expect(way("firmata-lite", "1.1", pulses, given)).toContain("it does not move");
});
