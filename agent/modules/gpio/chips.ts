/** Finds a chip by what it is: its number changed from 4 to 0 on a Pi 5 between two kernels. */
import { close, open } from "node:fs";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { deviceMissing } from "@interactor/shared/sdk/devices";
import { messageOf } from "@interactor/shared/sdk/define-module";
import { chipFlags, type Kernel } from "./kernel.ts";
import { type ChipInfo, decodeChipInfo, emptyChipInfo, requests } from "./kernel-abi.ts";
import { chipsMax } from "./limits.ts";

/** The header of a Pi 5, of a Pi 4, of those before. No Pi has two of them. */
const headerLabels = ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"] as const;

const openDescriptor = promisify(open);
export const closeDescriptor = promisify(close);

export interface FoundChip {
  readonly path: string;
  readonly info: ChipInfo;
}

/** The chip that is meant among those there are; `undefined`: it is not there. Pure. */
export function chooseChip(found: readonly FoundChip[], wanted: string): FoundChip | undefined {
  if (wanted !== "auto") return found.find(({ path, info }) => path === wanted || info.label === wanted);
  return headerLabels
    .map((label) => found.find(({ info }) => info.label === label))
    .find((chip) => chip !== undefined);
}

/** Opens the chip. Throws `deviceMissing` with what is there instead. */
export async function openChip(kernel: Kernel, wanted: string, folder = "/dev"): Promise<number> {
  const names = (await readdir(folder)).filter((name) => /^gpiochip\d+$/u.test(name)).slice(0, chipsMax);
  if (names.length === 0) throw deviceMissing("this computer has no pins (there is no /dev/gpiochip0)");
  const found: FoundChip[] = [];
  const problems: string[] = [];
  for (const name of names) {
    const path = `${folder}/${name}`;
    try {
      found.push({ path, info: await lookAt(kernel, path) });
    } catch (error) {
      problems.push(problemOf(path, error));
    }
  }
  const chip = chooseChip(found, wanted);
  if (chip !== undefined) return openDescriptor(chip.path, chipFlags);
  if (problems.length > 0) throw new Error(problems.join("; "));
  const known = found.map(({ path, info }) => `${path} is ${info.label}`).join(", ");
  const what = wanted === "auto" ? "no header of a Pi" : `no chip "${wanted}"`;
  throw deviceMissing(`there is ${what}: ${known}`);
}

async function lookAt(kernel: Kernel, path: string): Promise<ChipInfo> {
  const descriptor = await openDescriptor(path, chipFlags);
  try {
    const bytes = emptyChipInfo();
    kernel.control(descriptor, requests.chipInfo, bytes);
    return decodeChipInfo(bytes);
  } finally {
    await closeDescriptor(descriptor);
  }
}

function problemOf(path: string, error: unknown): string {
  const isForbidden = error instanceof Error && "code" in error && error.code === "EACCES";
  return isForbidden
    ? `${path} must not be opened by this user: add it to the group gpio and start again`
    : `${path}: ${messageOf(error)}`;
}
