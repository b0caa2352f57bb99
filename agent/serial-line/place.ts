/** Where a line is, and whether it may be opened. A USB adapter is found by what it is, wherever it is plugged in. */
import { access, constants, readdir, stat } from "node:fs/promises";
import { messageOf } from "@interactor/shared/sdk/define-module";
import { deviceMissing } from "@interactor/shared/sdk/devices";

/** Which line somebody means. */
export type LinePlace =
  | { readonly kind: "path"; readonly path: string }
  /** The serial number of its USB adapter: the same device, whichever socket it is in. */
  | { readonly kind: "usb"; readonly serialNumber: string };

/** Of settings that name a line by either. */
export const linePlace = (serialNumber: string | undefined, path = ""): LinePlace =>
  serialNumber === undefined ? { kind: "path", path } : { kind: "usb", serialNumber };

export const nameOfPlace = (place: LinePlace): string =>
  place.kind === "path" ? place.path : place.serialNumber;

/** udev's links, named `usb-<maker>_<product>_<serial number>-if00`. */
export const linksFolder = "/dev/serial/by-id";

/** The path at which the line is now. Throws `deviceMissing` when it is not there, and otherwise says why it cannot be opened. */
export async function findLine(place: LinePlace, links = linksFolder): Promise<string> {
  const path = place.kind === "path" ? place.path : await pathOfSerialNumber(place.serialNumber, links);
  await refuseUnusable(path);
  return path;
}

/** What lies behind a path: another device has another text. `undefined`: nothing does. */
export async function deviceAt(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && `${found.rdev}:${found.ino}`;
}

/** What is at the place now, as `deviceAt` says it; also `undefined` while it cannot be said which is meant. */
export async function presentAt(place: LinePlace, links = linksFolder): Promise<string | undefined> {
  const path =
    place.kind === "path"
      ? place.path
      : await pathOfSerialNumber(place.serialNumber, links).catch(() => undefined);
  return path === undefined ? undefined : deviceAt(path);
}

/** What comes behind the serial number in a link's name: the interface, and the port of a converter. */
const ending = /-if[\da-f]{2}(?:-port\d+)?$/u;

/** What of a link's name is the adapter's: the same for all of its lines. */
const adapterIn = (name: string): string => name.replace(ending, "");

/** Adapters that are named. More: counted. */
const namedMax = 5;
/** Letters of one's name. Of a longer one the end is told, where its serial number stands. */
const nameMax = 80;

/** For whoever has another board in their hands than the settings speak of. */
function pluggedIn(links: readonly string[]): string {
  const names = [...new Set(links.map(adapterIn))].toSorted().map((name) => name.replace(/^usb-/u, ""));
  if (names.length === 0) return "nor is any other serial line on USB";
  const told = names.slice(0, namedMax).map((name) => name.slice(-nameMax));
  const more = names.length - told.length;
  return `what is: ${told.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** An adapter with several lines has them in the order of their names; the first is meant. */
async function pathOfSerialNumber(serialNumber: string, folder: string): Promise<string> {
  const names = await readdir(folder).catch((): string[] => []);
  const found = names.toSorted().filter((each) => adapterIn(each).endsWith(`_${serialNumber}`));
  const adapters = [...new Set(found.map(adapterIn))];
  if (adapters.length > 1) {
    throw new Error(
      `${adapters.length} USB devices have the serial number ${serialNumber}: ${adapters.join(", ")}; ` +
        `name one by its path in ${folder}, or by more of its name than the serial number`,
    );
  }
  const [name] = found;
  if (name === undefined) {
    const words = `no USB device with serial number ${serialNumber} is plugged in`;
    throw deviceMissing(`${words} (${pluggedIn(names)})`);
  }
  return `${folder}/${name}`;
}

async function refuseUnusable(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => codeOf(error));
  if (found === "ENOENT") throw deviceMissing(`${path} is not there: plug the device in or correct the path`);
  if (typeof found === "string") throw new Error(`${path} cannot be looked at: ${found}`);
  if (!found.isCharacterDevice()) throw new Error(`${path} is no serial line`);
  const refusal = await access(path, constants.R_OK | constants.W_OK).catch((error: unknown) =>
    codeOf(error),
  );
  if (refusal === "EACCES" || refusal === "EPERM") {
    throw new Error(`${path} must not be opened by this user: add it to the group dialout and start again`);
  }
}

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && "code" in thrown ? String(thrown.code) : messageOf(thrown);
