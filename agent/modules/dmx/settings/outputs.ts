/** Where a universe goes. */
import { type Millis } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { flashProblems, flashSettings } from "../../../flashing/settings.ts";
import type { WidgetFlash } from "../outputs/widget-firmware.ts";
import { type LinePlace, linePlace } from "../../../serial-line/place.ts";
import { oneOfThese, serialNumber } from "../../../serial-line/serial-number.ts";
import { artnetPort, netMax, nibbleMax, portAddressMax, portAddressOf } from "../artnet.ts";
import { sacnPort, sacnUniverseMax, sourceNameBytesMax } from "../sacn.ts";
import { priority, priorityDefault } from "./cue-lists.ts";
import {
  addresses,
  flag,
  isUnicast,
  localAddress,
  millisOf,
  type Problem,
  rangeWords,
  slotsOf,
  span,
  strict,
  text,
  whole,
} from "./fields.ts";

export interface SacnSettings {
  readonly to: "multicast" | readonly string[];
  readonly port: number;
  /** Local address to send from. */
  readonly interface?: string | undefined;
  readonly priority: number;
  /** By slot, counted from 0, where it is another; 0: others drive it. */
  readonly slotPriorities: ReadonlyMap<number, number>;
  /** The universe whose synchronization packets say when to show the look. */
  readonly synchronization?: number | undefined;
  readonly sourceName?: string | undefined;
}

export interface ArtnetSettings {
  readonly to: "subscribers" | readonly string[];
  /** Asked who wants what, besides everybody on the own networks. */
  readonly poll: readonly string[];
  readonly sync: boolean;
  readonly port: number;
  readonly interface?: string | undefined;
  readonly portAddress: number;
}

export interface UsbSettings {
  /** The board whose firmware is kept at what this agent brings. */
  readonly flash?: WidgetFlash;
  readonly place: LinePlace;
  readonly baudRate: number;
  /** A widget of ours goes dark or to the failsafe's scene after that; 0: it holds the last look for ever. */
  readonly guard: Millis;
  /** It never answers a question, and gets levels nevertheless. */
  readonly mute: boolean;
}

/** Best effort: see README, `openDmx`. */
export interface OpenDmxSettings {
  readonly place: LinePlace;
}

const isSendable = (address: string): boolean => isUnicast(address) || address === "255.255.255.255";
export const udpPort = whole(1, 65_535);

const sourceName = text.check(
  z.refine(
    (name) => name !== "" && !name.includes("\0") && Buffer.byteLength(name) <= sourceNameBytesMax,
    `must be 1 to ${sourceNameBytesMax} bytes of text`,
  ),
);

export const sacn = strict({
  enabled: z._default(flag, true),
  to: z._default(
    z.union([z.literal("multicast"), addresses(isUnicast, "192.168.1.20")], {
      error: 'must be "multicast" or a list of IPv4 addresses',
    }),
    "multicast",
  ),
  port: z._default(udpPort, sacnPort),
  interface: z.optional(localAddress),
  priority: z._default(priority, priorityDefault),
  slotPriorities: z._default(
    z.record(z.string(), priority, {
      error: "must be a map of channels and their priorities, such as {1-10: 150}",
    }),
    {},
  ),
  synchronization: z.optional(whole(1, sacnUniverseMax)),
  sourceName: z.optional(sourceName),
});

export const artnet = strict({
  enabled: z._default(flag, true),
  to: z._default(
    z.union([z.literal("subscribers"), addresses(isSendable, "192.168.1.30")], {
      error: 'must be "subscribers" or a list of IPv4 addresses',
    }),
    "subscribers",
  ),
  poll: z._default(addresses(isSendable, "10.0.1.255", 0), []),
  sync: z._default(flag, false),
  port: z._default(udpPort, artnetPort),
  interface: z.optional(localAddress),
  portAddress: z.optional(whole(0, portAddressMax)),
  net: z.optional(whole(0, netMax)),
  subnet: z.optional(whole(0, nibbleMax)),
  universe: z.optional(whole(0, nibbleMax)),
});

/** Two bytes of milliseconds. */
const guardMax = 65_535;

const linePath = text.check(
  z.maxLength(255),
  z.refine((path) => path.startsWith("/") && !path.includes("\0"), "must be a path such as /dev/ttyUSB0"),
);

/** Which line it is: one of them is needed. */
export const lineNames = {
  /** The serial number of the USB adapter: the same one, whichever socket it is in. */
  serial: z.optional(serialNumber),
  path: z.optional(linePath),
};
export const oneLine = oneOfThese("serial", "path");
export type LineNames = z.infer<z.ZodMiniObject<typeof lineNames>>;

export const placeOfLine = ({ serial, path }: LineNames): LinePlace => linePlace(serial, path);

export function lineProblems({ serial, path }: LineNames): readonly Problem[] {
  if ((serial === undefined) !== (path === undefined)) return [];
  return [{ path: [], message: "serial or path is needed, and not both" }];
}

/** The setting by which both name one line. */
export function sameLine(one: LineNames, other: LineNames): "serial" | "path" | undefined {
  if (one.serial !== undefined && one.serial === other.serial) return "serial";
  return one.path !== undefined && one.path === other.path ? "path" : undefined;
}

// What carries 44 frames a second. A widget with an FTDI chip has its own speed and does not care.
export const lineSpeed = z._default(whole(38_400, 4_000_000), 250_000);

/** Best effort. Its speeds are what DMX is, and there is nobody to guard the line: no more to be said. */
export const openDmx = strict({ enabled: z._default(flag, true), ...lineNames }).check(oneLine);

export const usb = strict({
  enabled: z._default(flag, true),
  ...lineNames,
  // The one board that our firmware for widgets runs on.
  ...flashSettings(["mega2560"]),
  baudRate: lineSpeed,
  // Two repeats of a static look and some time to spare.
  guard: z._default(
    span.check(z.refine((written) => millisOf(written) <= guardMax, "must be at most 65s")),
    "2s",
  ),
  /** It never answers a question, and gets levels nevertheless. */
  mute: z._default(flag, false),
}).check(oneLine);

type WrittenUsb = z.infer<typeof usb>;
type WrittenSacn = z.infer<typeof sacn>;
type WrittenArtnet = z.infer<typeof artnet>;
export type PortAddress = Pick<WrittenArtnet, "portAddress" | "net" | "subnet" | "universe">;

export function portAddressProblems(given: PortAddress, universe: number): readonly Problem[] {
  const hasParts = [given.net, given.subnet, given.universe].some((part) => part !== undefined);
  if (given.portAddress !== undefined && hasParts) {
    return [{ path: [], message: "give portAddress, or net, subnet and universe, not both" }];
  }
  if (hasParts && given.universe === undefined) {
    return [{ path: ["universe"], message: "net and subnet need universe, 0 to 15, beside them" }];
  }
  if (portAddressIn(given, universe) > portAddressMax) {
    const reason = `universe ${universe} has no port address of its own in Art-Net, which ends at ${portAddressMax}`;
    return [{ path: ["portAddress"], message: `is needed: ${reason}` }];
  }
  return [];
}

/** Art-Net counts from 0: what sACN calls universe 1 is port address 0, unless the settings say otherwise. */
export function portAddressIn(given: PortAddress, universe: number): number {
  if (given.universe !== undefined) {
    return portAddressOf({ net: given.net ?? 0, subnet: given.subnet ?? 0, universe: given.universe });
  }
  return given.portAddress ?? universe - 1;
}

/** As it is sent, or would be: the two ways of counting go with each other unless the settings say otherwise. */
export function universeNumbers(given: {
  readonly universe: number;
  readonly artnet?: Pick<ArtnetSettings, "portAddress">;
}): { readonly universe: number; readonly portAddress?: number } {
  const portAddress = given.artnet?.portAddress ?? given.universe - 1;
  return { universe: given.universe, ...(portAddress > portAddressMax ? {} : { portAddress }) };
}

export function filledSacn({ enabled: _enabled, slotPriorities, ...rest }: WrittenSacn): SacnSettings {
  const bySlot = new Map<number, number>();
  for (const [range, priority] of Object.entries(slotPriorities)) {
    for (const slot of slotsOf(range)) bySlot.set(slot, priority);
  }
  return { ...rest, slotPriorities: bySlot };
}

export function filledUsb(given: WrittenUsb): UsbSettings {
  const { baudRate, guard, mute, flash: board, overwrite, ...names } = given;
  const { serial: serialNumber } = names;
  const flash =
    board === undefined || serialNumber === undefined ? {} : { flash: { board, serialNumber, overwrite } };
  return { place: placeOfLine(names), ...flash, baudRate, guard: millisOf(guard), mute };
}

export function usbProblems(given: WrittenUsb): readonly Problem[] {
  const problems = [...lineProblems(given), ...flashProblems(given, { number: given.serial, key: "serial" })];
  return given.mute && given.flash !== undefined
    ? [...problems, { path: ["mute"], message: "cannot be beside flash: our firmware answers" }]
    : problems;
}

export function sacnProblems({ slotPriorities }: WrittenSacn): readonly Problem[] {
  const wrong = Object.keys(slotPriorities).filter((range) => slotsOf(range).length === 0);
  return wrong.map((range) => ({ path: ["slotPriorities", range], message: rangeWords(range) }));
}

export function filledArtnet(given: WrittenArtnet, universe: number): ArtnetSettings {
  const { to, poll, sync, port } = given;
  return { to, poll, sync, port, interface: given.interface, portAddress: portAddressIn(given, universe) };
}
