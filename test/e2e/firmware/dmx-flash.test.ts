// A widget gets the firmware that the agent brings: by the real avrdude and the bootloader of a real Arduino Mega, in an
// emulated ATmega2560. What hears its DMX line sees something safe before the line falls silent.

import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { UsbOutput } from "@interactor/agent/modules/dmx/outputs/usb-output.ts";
import { megaBootloader } from "@interactor/firmware-bridges/bench/build.ts";
import { seededRandom } from "@interactor/shared/kernel/random";
import { millis } from "@interactor/shared/kernel/units";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { requires } from "../requires.ts";
import { benchClock } from "./bench-clock.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "avrdude", "gcc", "optiboot", "simavr");

let workbench: Workbench;
beforeAll(async () => {
  workbench = await openWorkbench();
});
afterAll(() => workbench[Symbol.asyncDispose]());

test("a widget with an older release is left in its scene, gets the newer one, and shows levels again", async () => {
  const firmware = await workbench.build("dmx-pro", "atmega2560", ["FIRMWARE_VERSION=0,9,0"]);
  const bench = await workbench.start({
    chip: "atmega2560",
    firmware,
    bootloader: megaBootloader,
    resetsOnOpen: true,
    hasDmx: true,
  });
  const serialNumber = "7593331313335160E0A1";
  const [links, folder] = [join(workbench.folder, "by-id"), join(workbench.folder, "kept")];
  await mkdir(links);
  await symlink(bench.line, join(links, `usb-Arduino__www.arduino.cc__0042_${serialNumber}-if00`));
  const logged: string[] = [];
  const note = (message: string): void => void logged.push(message);
  await using time = benchClock(bench);
  const { clock } = time;
  const scene = new Uint8Array(512).fill(40, 1, 2);
  const lit = new Uint8Array(512).fill(200, 0, 1);
  const flash = { board: "mega2560", serialNumber, overwrite: false } as const;
  const output = new UsbOutput(
    { place: { kind: "usb", serialNumber }, flash, baudRate: 250_000, guard: millis(2000), mute: false },
    scene,
    {
      clock,
      random: seededRandom(1),
      log: { info: note, warn: note, error: note },
      changed: () => undefined,
      links,
      folder,
    },
    () => undefined,
  );
  let cancelTick = (): void => undefined;
  const tick = (): void => {
    output.tick();
    output.send(lit);
    cancelTick = clock.after(millis(1000), tick);
  };
  tick();
  try {
    await output.open();

    await vi.waitFor(() => expect(logged.at(-1)).toBe("firmware dmx-pro 1.1.0 runs"), { timeout: 300_000 });
    const shown = bench.ofKind("dmx").map(({ frame }) => Buffer.from(frame.slots).toString("hex"));
    expect(shown).toContain(Buffer.from(scene).toString("hex"));
    expect(await readFile(join(folder, `${serialNumber}.before.hex`), "latin1")).toMatch(/^:/u);
    await bench.next("dmx", ({ frame }) => Buffer.from(frame.slots).equals(lit));
    expect(output.failure).toBeUndefined();
  } finally {
    cancelTick();
    await output.close();
  }
}, 400_000);
