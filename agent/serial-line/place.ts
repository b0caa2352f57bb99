/** Where a line is, and whether it is there at all. */
import { readdir, stat } from "node:fs/promises";
import { deviceMissing } from "@interactor/shared/sdk/devices";

/** udev's links, named `usb-<maker>_<product>_<serial number>-if00`. */
export const linksFolder = "/dev/serial/by-id";

/** The path of the line whose USB adapter has this serial number. Throws `deviceMissing` when none has. */
export async function pathOfSerialNumber(serialNumber: string, folder = linksFolder): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const name = names.find((each) => each.includes(`_${serialNumber}-`));
  if (name === undefined)
    throw deviceMissing(`no USB device with serial number ${serialNumber} is plugged in`);
  return `${folder}/${name}`;
}

/** Throws `deviceMissing` when nothing is at `path`. */
export async function refuseAbsent(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw deviceMissing(`${path} is not there: plug the device in or correct the path`);
  if (!found.isCharacterDevice()) throw new Error(`${path} is no serial line`);
}
