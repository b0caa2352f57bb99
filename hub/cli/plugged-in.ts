/** What is plugged into this computer, as the kernel tells it under /dev, /sys and /proc. */
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface UsbIdentity {
  /** Four hexadecimal digits each. */
  readonly vendor: string;
  readonly product: string;
  readonly manufacturer: string;
  readonly name: string;
  /** Empty: it has none, and is told from its like by where it is plugged in. */
  readonly serial: string;
}

export interface SerialDevice {
  readonly path: string;
  /** What stays the same when things are plugged in another order; `undefined`: there is no such path. */
  readonly byId: string | undefined;
  /** `undefined`: it is not on USB. */
  readonly usb: UsbIdentity | undefined;
}

export interface PluggedIn {
  readonly serial: readonly SerialDevice[];
  readonly gpioChips: readonly string[];
  readonly i2cBuses: readonly string[];
  /** Names of MIDI ports. */
  readonly midi: readonly string[];
}

/** Looked at of each kind. More: the rest is left out. */
const devicesMax = 200;

/** `root`: where the kernel's folders are. What is not there is empty. */
export async function lookAround(root = "/"): Promise<PluggedIn> {
  const dev = join(root, "dev");
  const names = await namesIn(dev);
  const lines = names.filter((name) => /^tty(ACM|USB|AMA|S0$)/u.test(name));
  const ids = await byIds(join(dev, "serial/by-id"));
  return {
    serial: await Promise.all(lines.map((name) => serialDevice(root, name, ids))),
    gpioChips: names.filter((name) => /^gpiochip\d+$/u.test(name)).map((name) => `/dev/${name}`),
    i2cBuses: names.filter((name) => /^i2c-\d+$/u.test(name)).map((name) => `/dev/${name}`),
    midi: midiPorts(await textOf(join(root, "proc/asound/seq/clients"))),
  };
}

async function serialDevice(
  root: string,
  name: string,
  ids: ReadonlyMap<string, string>,
): Promise<SerialDevice> {
  const device = await realpath(join(root, "sys/class/tty", name, "device")).catch(() => undefined);
  return {
    path: `/dev/${name}`,
    byId: ids.get(name),
    usb: device === undefined ? undefined : await usbAbove(device, root),
  };
}

/** The line is an interface of a device that has the names. */
async function usbAbove(folder: string, root: string): Promise<UsbIdentity | undefined> {
  for (let at = folder; at.startsWith(root) && at !== dirname(at); at = dirname(at)) {
    const vendor = await lineOf(join(at, "idVendor"));
    if (vendor === "") continue;
    return {
      vendor,
      product: await lineOf(join(at, "idProduct")),
      manufacturer: await lineOf(join(at, "manufacturer")),
      name: await lineOf(join(at, "product")),
      serial: await lineOf(join(at, "serial")),
    };
  }
  return undefined;
}

async function byIds(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of await namesIn(folder)) {
    const target = await readlink(join(folder, name)).catch(() => "");
    if (target !== "") found.set(basename(target), `/dev/serial/by-id/${name}`);
  }
  return found;
}

/** Clients of ALSA's sequencer that are hardware or another program: `Client  20 : "nanoKONTROL2" [Kernel]`. */
function midiPorts(clients: string): readonly string[] {
  const own = ["System", "Midi Through"];
  return [...clients.matchAll(/^Client\s+\d+ : "([^"]*)"/gmu)]
    .flatMap(([, name = ""]) => (own.includes(name) ? [] : [name]))
    .slice(0, devicesMax);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .toSorted((left, right) => left.localeCompare(right, "en", { numeric: true }))
    .slice(0, devicesMax);
}

const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
const lineOf = async (path: string): Promise<string> => (await textOf(path)).trim();
