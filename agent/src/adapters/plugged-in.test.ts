import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pluggedIn } from "@interactor/shared/wire/plugged-in";
import { lookAround } from "./plugged-in.ts";

/** A folder laid out as the kernel of a Pi does it. */
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "interactor-devices-"));
});
afterEach(() => rm(root, { recursive: true }));

async function place(path: string, text = ""): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

const usbPort = "sys/devices/platform/axi/1000120000.pcie/usb1/1-1";

async function placeArduino(): Promise<void> {
  await place("dev/ttyACM0");
  await place("dev/tty1");
  await mkdir(join(root, "dev/serial/by-id"), { recursive: true });
  await symlink("../../ttyACM0", join(root, "dev/serial/by-id/usb-Arduino_0043_7583-if00"));
  for (const [file, text] of [
    ["idVendor", "2341\n"],
    ["idProduct", "0043\n"],
    ["manufacturer", "Arduino (www.arduino.cc)\n"],
    ["serial", "7583\n"],
  ])
    await place(`${usbPort}/${file}`, text);
  await mkdir(join(root, usbPort, "1-1:1.0"), { recursive: true });
  await mkdir(join(root, "sys/class/tty/ttyACM0"), { recursive: true });
  await symlink(join(root, usbPort, "1-1:1.0"), join(root, "sys/class/tty/ttyACM0/device"));
}

describe("what is plugged in is found", () => {
  test("a board by its id and its serial number", async () => {
    await placeArduino();

    expect((await lookAround(root)).serial).toEqual([
      {
        path: "/dev/ttyACM0",
        link: "/dev/serial/by-id/usb-Arduino_0043_7583-if00",
        usb: {
          vendor: "2341",
          product: "0043",
          manufacturer: "Arduino (www.arduino.cc)",
          name: "",
          serial: "7583",
        },
      },
    ]);
  });

  test("pins, buses and MIDI ports, in the order of their numbers", async () => {
    for (const name of ["gpiochip10", "gpiochip4", "i2c-1", "random"]) await place(`dev/${name}`);
    const clients =
      'Client info\nClient   0 : "System" [Kernel]\nClient  20 : "nanoKONTROL2" [Kernel]\n  Port   0 : "x"\n';
    await place("proc/asound/seq/clients", clients);

    expect(await lookAround(root)).toEqual({
      serial: [],
      gpio: ["/dev/gpiochip4", "/dev/gpiochip10"],
      i2c: ["/dev/i2c-1"],
      midi: ["nanoKONTROL2"],
    });
  });

  test("nothing, where there is nothing", async () => {
    expect(await lookAround(join(root, "nowhere"))).toEqual({ serial: [], gpio: [], i2c: [], midi: [] });
  });

  test("and told within its bounds, whatever a plug says of itself and however many there are", async () => {
    await placeArduino();
    await place(`${usbPort}/product`, `${"x".repeat(99)}\u{1f600}`);
    await mkdir(join(root, "dev/serial/by-id"), { recursive: true });
    await symlink("../../ttyUSB0", join(root, `dev/serial/by-id/usb-${"y".repeat(200)}-if00`));
    for (let number = 0; number < 200; number++) {
      await place(`dev/ttyUSB${number}`);
      await place(`dev/i2c-${number}`);
    }

    const found = await lookAround(root);

    expect(pluggedIn.safeParse(found).success).toBe(true);
    expect([found.serial.length, found.i2c.length]).toEqual([64, 64]);
    expect(found.serial[0]?.usb?.name).toBe(`${"x".repeat(99)}\ufffd`);
    expect(found.serial[1]).toEqual({ path: "/dev/ttyUSB0" });
  });
});
