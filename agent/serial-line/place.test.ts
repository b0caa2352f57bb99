import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pathOfSerialNumber, refuseAbsent } from "./place.ts";

test("a line is found by the whole serial number of its adapter, whatever else is plugged in", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-by-id-"));
  const link = "usb-Arduino__www.arduino.cc__0043_75834353930351F0D1E2-if00";
  await symlink("/dev/null", join(folder, link));
  await symlink("/dev/zero", join(folder, "usb-FTDI_FT232R_A10-if00-port0"));

  expect(await pathOfSerialNumber("75834353930351F0D1E2", folder)).toBe(join(folder, link));
  await expect(pathOfSerialNumber("51F0D1E2", folder)).rejects.toThrow(/51F0D1E2 is plugged in/u);
  await rm(folder, { recursive: true });
  await expect(pathOfSerialNumber("A10", folder)).rejects.toMatchObject({ code: "DEVICE_MISSING" });
});

test("what is not there is missing, and what is no line is no line", async () => {
  await expect(refuseAbsent("/dev/interactor-has-none")).rejects.toMatchObject({ code: "DEVICE_MISSING" });
  await expect(refuseAbsent("/etc/hostname")).rejects.toThrow(/no serial line/u);
});
