// A USB device that the kernel plays to itself (dummy_hcd): a serial line and a MIDI port, to be plugged in and pulled
// out.

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";

const gadget = "/sys/kernel/config/usb_gadget/box";

/** What udev names a link to the line by. */
export const serialNumber = "0123456789AB";
export const midiName = "Fader Box";

/** Makes the device and plugs it in. */
export function makeGadget(): void {
  mkdirSync(gadget);
  writeFileSync(`${gadget}/idVendor`, "0x1d6b");
  writeFileSync(`${gadget}/idProduct`, "0x0104");
  mkdirSync(`${gadget}/strings/0x409`);
  writeFileSync(`${gadget}/strings/0x409/serialnumber`, serialNumber);
  writeFileSync(`${gadget}/strings/0x409/manufacturer`, "Interactor");
  writeFileSync(`${gadget}/strings/0x409/product`, midiName);
  mkdirSync(`${gadget}/configs/c.1`);
  for (const name of ["acm.line", "midi.keys"]) {
    mkdirSync(`${gadget}/functions/${name}`);
    symlinkSync(`${gadget}/functions/${name}`, `${gadget}/configs/c.1/${name}`);
  }
  plug();
}

/** As a hand at the cable. */
export const pull = (): void => writeFileSync(`${gadget}/UDC`, "\n");
export const plug = (): void => writeFileSync(`${gadget}/UDC`, "dummy_udc.0");

/** The device's end of its MIDI. */
export function deviceMidi(): string {
  const card = readdirSync("/proc/asound").find(
    (name) => /^card\d+$/u.test(name) && readFileSync(`/proc/asound/${name}/id`, "utf8").includes("midi"),
  );
  return `/dev/snd/midiC${card?.slice(4)}D0`;
}
