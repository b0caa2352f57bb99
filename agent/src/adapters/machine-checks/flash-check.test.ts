import { expect, test } from "vitest";
import { flashCheck } from "./flash-check.ts";

const lack = "avrdude is not installed: apt install avrdude";
const instances = [
  { name: "sim", settings: undefined },
  { name: "camera", settings: { flash: "always" } },
  { name: "panel", settings: { usb: "75834353930351F0D1E2", flash: "uno" } },
  { name: "stage", settings: { universe: 1, usb: { serial: "7593331313335160E0A1", flash: "mega2560" } } },
];

test("a machine without avrdude lacks it where instances ask for firmware, wherever their settings say so", () => {
  expect(flashCheck(instances, lack)).toEqual({
    check: "flash",
    state: "missing",
    words: `panel, stage: ${lack}`,
  });
  expect(flashCheck(instances, undefined).state).toBe("ok");
  expect(flashCheck(instances.slice(0, 2), lack).state).toBe("ok");
});
