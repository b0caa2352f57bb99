/** What is plugged into this machine, as the kernel tells it under /dev, /sys and /proc. */
import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  type PluggedIn,
  pluggedInMax,
  plugPathMax,
  plugWordsMax,
  type SerialDevice,
} from "@interactor/shared/wire/plugged-in";

/** `root`: where the kernel's folders are. What is not there is empty. */
export async function lookAround(root = "/"): Promise<PluggedIn> {
  const dev = join(root, "dev");
  const names = await namesIn(dev);
  const lines = names.filter((name) => /^tty(ACM|USB|AMA|S0$)/u.test(name));
  const links = await linksIn(join(dev, "serial/by-id"));
  return {
    serial: await Promise.all(bounded(lines).map((name) => serialDevice(root, name, links))),
    gpio: bounded(names.filter((name) => /^gpiochip\d+$/u.test(name)).map((name) => `/dev/${name}`)),
    i2c: bounded(names.filter((name) => /^i2c-\d+$/u.test(name)).map((name) => `/dev/${name}`)),
    midi: bounded(midiPorts(await textOf(join(root, "proc/asound/seq/clients")))),
  };
}

async function serialDevice(
  root: string,
  name: string,
  links: ReadonlyMap<string, string>,
): Promise<SerialDevice> {
  const device = await realpath(join(root, "sys/class/tty", name, "device")).catch(() => undefined);
  const usb = device === undefined ? undefined : await usbAbove(device, root);
  const link = links.get(name);
  return {
    path: `/dev/${name}`,
    ...(link !== undefined && link.length <= plugPathMax && { link }),
    ...(usb !== undefined && { usb }),
  };
}

/** The line is an interface of a device that has the names. */
async function usbAbove(folder: string, root: string): Promise<SerialDevice["usb"]> {
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

/** By the name of the tty that they lead to. */
async function linksIn(folder: string): Promise<ReadonlyMap<string, string>> {
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
  return [...clients.matchAll(/^Client\s+\d+ : "([^"]*)"/gmu)].flatMap(([, name = ""]) =>
    own.includes(name) ? [] : [cut(name)],
  );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.toSorted((left, right) => left.localeCompare(right, "en", { numeric: true }));
}

const bounded = <Each>(all: readonly Each[]): Each[] => all.slice(0, pluggedInMax);
const cut = (words: string): string => words.slice(0, plugWordsMax).toWellFormed();
const textOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
const lineOf = async (path: string): Promise<string> => cut((await textOf(path)).trim());
