import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { messageOf } from "@interactor/shared/sdk/define-module";
import { deviceAt, findLine, linePlace } from "./place.ts";

test("a line is found by the whole serial number of its adapter, whatever else is plugged in", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-by-id-"));
  const link = "usb-Arduino__www.arduino.cc__0043_75834353930351F0D1E2-if00";
  await symlink("/dev/null", join(folder, link));
  await symlink("/dev/zero", join(folder, "usb-FTDI_FT232R_A10-if00-port0"));

  expect(await findLine(linePlace("75834353930351F0D1E2"), folder)).toBe(join(folder, link));
  await expect(findLine(linePlace("51F0D1E2"), folder)).rejects.toThrow(/51F0D1E2 is plugged in/u);
  await rm(folder, { recursive: true });
  await expect(findLine(linePlace("A10"), folder)).rejects.toMatchObject({ code: "DEVICE_MISSING" });
});

test("a serial number that several makes of adapters share names none of them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-by-id-"));
  for (const name of ["usb-Silicon_Labs_CP2102_0001-if00-port0", "usb-Acme_Scale_0001-if00"])
    await symlink("/dev/null", join(folder, name));

  await expect(findLine(linePlace("0001"), folder)).rejects.toThrow(
    /2 USB devices have the serial number 0001: usb-Acme_Scale_0001, usb-Silicon_Labs_CP2102_0001; name one by its path/u,
  );
  expect(await findLine(linePlace("CP2102_0001"), folder)).toBe(
    join(folder, "usb-Silicon_Labs_CP2102_0001-if00-port0"),
  );
  await rm(folder, { recursive: true });
});

test("one that is not there is told with those that are, each once, and no more than five", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-by-id-"));
  const missing = async (): Promise<string> => findLine(linePlace("7583"), folder).catch(messageOf);
  expect(await missing()).toBe(
    "no USB device with serial number 7583 is plugged in (nor is any other serial line on USB)",
  );

  const uno = `usb-${"x".repeat(100)}_0043_95434353930351F0D1E2-if00`;
  const others = ["a", "b", "c", "d", "e"].map((letter) => `usb-FTDI_FT232R_A10${letter}-if00-port0`);
  for (const name of [uno, "usb-ENTTEC_EN21-if00-port0", "usb-ENTTEC_EN21-if01-port0", ...others])
    await symlink("/dev/null", join(folder, name));

  expect(await missing()).toBe(
    "no USB device with serial number 7583 is plugged in (what is: ENTTEC_EN21, FTDI_FT232R_A10a, " +
      "FTDI_FT232R_A10b, FTDI_FT232R_A10c, FTDI_FT232R_A10d and 2 more)",
  );
  for (const name of others) await rm(join(folder, name));
  expect(await missing()).toBe(
    `no USB device with serial number 7583 is plugged in (what is: ENTTEC_EN21, ${"x".repeat(54)}_0043_95434353930351F0D1E2)`,
  );
  await rm(folder, { recursive: true });
});

test("of an adapter with several lines the first is meant, in whichever order they are listed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "interactor-by-id-"));
  for (const port of ["if01-port0", "if00-port1", "if00-port0"])
    await symlink("/dev/null", join(folder, `usb-ENTTEC_DMX_USB_PRO_Mk2_EN21-${port}`));

  expect(await findLine(linePlace("EN21"), folder)).toMatch(/EN21-if00-port0$/u);
  await rm(folder, { recursive: true });
});

test("what is not there is missing, and what is no line is no line", async () => {
  await expect(findLine(linePlace(undefined, "/dev/interactor-has-none"))).rejects.toMatchObject({
    code: "DEVICE_MISSING",
  });
  await expect(findLine(linePlace(undefined, "/etc/hostname"))).rejects.toThrow(/no serial line/u);
});

test("another device behind a path is told from the one before, and nothing from both", async () => {
  expect(await deviceAt("/dev/null")).toBe(await deviceAt("/dev/null"));
  expect(await deviceAt("/dev/null")).not.toBe(await deviceAt("/dev/zero"));
  expect(await deviceAt("/dev/interactor-has-none")).toBeUndefined();
});
