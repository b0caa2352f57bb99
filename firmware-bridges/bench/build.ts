/**
 * Builds firmware by avr-gcc and the bench by gcc. The same sources and compiler give the same bytes wherever they
 * lie: no dates, no paths, and the hex file is nothing but them.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const sources = join(import.meta.dirname, "..");

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
  await run("avr-gcc", [`-mmcu=${chip}`, ...flags, ...macros, "-o", elf, source], { cwd: sources });
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
