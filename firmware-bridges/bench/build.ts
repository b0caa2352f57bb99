/**
 * Builds firmware by avr-gcc and the bench by gcc. The same sources and compiler give the same bytes wherever they
 * lie: no dates, no paths, and the hex file is nothing but them.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const sources = join(import.meta.dirname, "..");

/** Where the firmware that agents bring is kept. */
export const imagesFolder = join(sources, "images");
/** Of all firmware: what FIRMWARE_VERSION says in the sources. */
export const release = "1.1.0";

export const chips = ["atmega328p", "atmega2560"] as const;
export type Chip = (typeof chips)[number];

/** What there is, and for which chips: a DMX widget needs a second UART. */
export const firmwares = {
  bridge: chips,
  "dmx-pro": ["atmega2560"],
  "firmata-lite": chips,
} as const satisfies Record<string, readonly Chip[]>;

export type Firmware = keyof typeof firmwares;

const flags = [
  "-DF_CPU=16000000UL",
  "-Os",
  "-std=gnu99",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-ffunction-sections",
  "-fdata-sections",
  "-Wl,--gc-sections",
  "-Wl,--build-id=none",
];

export interface FirmwareBuild {
  readonly firmware: Firmware;
  readonly chip: Chip;
  /** Where the hex file goes. */
  readonly folder: string;
  /** Macros, such as `FIRMWARE_VERSION=2,0,0`. */
  readonly defines?: readonly string[];
}

/** Gives the path of the hex file. */
export async function buildFirmware({
  firmware,
  chip,
  folder,
  defines = [],
}: FirmwareBuild): Promise<string> {
  const elf = join(folder, `${firmware}-${chip}.elf`);
  const hex = join(folder, `${firmware}-${chip}.hex`);
  const source = join(firmware, "device", `${firmware}.c`);
  const macros = defines.map((define) => `-D${define}`);
  await run("avr-gcc", [`-mmcu=${chip}`, ...flags, ...macros, "-o", elf, source, "-lm"], { cwd: sources });
  await run("avr-objcopy", ["-O", "ihex", "-R", ".eeprom", elf, hex]);
  return hex;
}

/** Such as `avr-gcc (GCC) 5.4.0`. */
export async function compilerVersion(): Promise<string> {
  const { stdout } = await run("avr-gcc", ["--version"]);
  return stdout.split("\n")[0] ?? "";
}

/** Gives the path of the program. */
export async function buildBench(folder: string): Promise<string> {
  const program = join(folder, "bench");
  const parts = ["bench", "line", "dmx", "i2c", "pins"].map((part) => join("bench", `${part}.c`));
  // simavr's headers look for each other without their folder's name.
  const options = ["-O2", "-Wall", "-Wextra", "-Werror", "-I/usr/include/simavr"];
  await run("gcc", [...options, "-o", program, ...parts, "-l:libsimavr.a", "-lelf"], { cwd: sources });
  return program;
}

/** Gives the path of the program that runs the C of the framing on the host. */
export async function buildFramingCheck(folder: string): Promise<string> {
  const program = join(folder, "framing-check");
  const source = join("framing", "device", "framing-check.c");
  await run("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source], { cwd: sources });
  return program;
}

/** The bootloader of an Arduino Mega, as Debian's arduino-core-avr brings it: it speaks STK500 version 2. */
export const megaBootloader =
  "/usr/share/arduino/hardware/arduino/avr/bootloaders/stk500v2/stk500boot_v2_mega2560.hex";

/** The source of Optiboot as Debian's arduino-core-avr brings it. */
const optibootSource = "/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot/optiboot.c";

/**
 * The real Optiboot for an ATmega328P; gives the path of the hex file. Debian's own build of it is 20 bytes too long
 * for its place at 0x7E00 and would be cut off there, so it is built for a boot section of 1 KB, which the chip has too.
 */
export async function buildOptiboot(folder: string): Promise<string> {
  const elf = join(folder, "optiboot.elf");
  const hex = join(folder, "optiboot.hex");
  const size = [
    "-Os",
    "-fno-inline-small-functions",
    "-fno-split-wide-types",
    "-nostartfiles",
    "-Wl,--relax",
  ];
  const places = ["-Wl,--section-start=.text=0x7c00", "-Wl,--section-start=.version=0x7ffe"];
  const settings = ["-mmcu=atmega328p", "-DF_CPU=16000000L", "-DBAUD_RATE=115200", "-DLED_START_FLASHES=3"];
  await run("avr-gcc", [...size, ...places, ...settings, "-o", elf, optibootSource]);
  const sections = ["-j", ".text", "-j", ".version", "--set-section-flags", ".version=alloc,load"];
  await run("avr-objcopy", [...sections, "-O", "ihex", elf, hex]);
  return hex;
}
