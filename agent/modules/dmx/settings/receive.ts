/** Where levels come from: lighting desks and other sources on the network, and on a DMX line. */
import { type Millis } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import type { LinePlace } from "../../../serial-line/place.ts";
import { artnetPort, netMax, nibbleMax, portAddressMax } from "../artnet.ts";
import { sacnPort, sacnUniverseMax } from "../sacn.ts";
import { priority, priorityDefault } from "./cue-lists.ts";
import { channel, flag, localAddress, millisOf, type Problem, span, strict, text, whole } from "./fields.ts";
import {
  type LineNames,
  lineNames,
  lineProblems,
  lineSpeed,
  oneLine,
  placeOfLine,
  portAddressIn,
  portAddressProblems,
  sameLine,
  udpPort,
} from "./outputs.ts";

/** Outputs of one instance that follow channels. More: refuse. */
const channelsMax = 256;

export interface SacnReceiveSettings {
  readonly universe: number;
  readonly port: number;
  readonly interface?: string | undefined;
}

export interface ArtnetReceiveSettings {
  readonly portAddress: number;
  readonly port: number;
  readonly interface?: string | undefined;
  /** Art-Net has none of its own. */
  readonly priority: number;
  readonly timeout: Millis;
}

/** A widget that hears a DMX line. */
export interface UsbReceiveSettings {
  readonly place: LinePlace;
  readonly baudRate: number;
  /** DMX512 has none. */
  readonly priority: number;
  readonly timeout: Millis;
}

export interface ReceiveSettings {
  readonly sacn?: SacnReceiveSettings;
  readonly artnet?: ArtnetReceiveSettings;
  readonly usb?: UsbReceiveSettings;
  /** What is received is shown too, beside what drives the universe here. */
  readonly merge: boolean;
  /** By output: 1–512. */
  readonly channels: {
    readonly [output: string]: { readonly channel: number; readonly label?: string | undefined };
  };
}

const sacn = strict({
  enabled: z._default(flag, true),
  universe: z.optional(whole(1, sacnUniverseMax)),
  port: z._default(udpPort, sacnPort),
  interface: z.optional(localAddress),
});

const artnet = strict({
  enabled: z._default(flag, true),
  port: z._default(udpPort, artnetPort),
  interface: z.optional(localAddress),
  priority: z._default(priority, priorityDefault),
  // Art-Net 4: how long a source that is merged with another may be silent.
  timeout: z._default(span, "10s"),
  portAddress: z.optional(whole(0, portAddressMax)),
  net: z.optional(whole(0, netMax)),
  subnet: z.optional(whole(0, nibbleMax)),
  universe: z.optional(whole(0, nibbleMax)),
});

const usb = strict({
  enabled: z._default(flag, true),
  ...lineNames,
  baudRate: lineSpeed,
  priority: z._default(priority, priorityDefault),
  // What E1.31 gives a source that has fallen silent. DMX512 wants a frame every second at least.
  timeout: z._default(span, "2.5s"),
}).check(oneLine);

export const receive = strict({
  sacn: z.optional(sacn),
  artnet: z.optional(artnet),
  usb: z.optional(usb),
  merge: z._default(flag, false),
  channels: z._default(
    z.record(z.string(), strict({ channel, label: z.optional(text) }), {
      error: "must be a map of name: {channel: …}",
    }),
    {},
  ),
});

type Written = z.infer<typeof receive>;

interface Around {
  readonly universe: number;
  readonly hasFailsafe: boolean;
  /** Serial lines that levels go to. */
  readonly linesOut: readonly LineNames[];
}

export function receiveProblems(
  given: Written,
  { universe, hasFailsafe, linesOut }: Around,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (![given.sacn, given.artnet, given.usb].some((each) => each?.enabled === true)) {
    problems.push({ path: [], message: "sacn, artnet or usb is needed: there is nothing to receive" });
  }
  const { usb } = given;
  if (usb !== undefined) {
    for (const { path, message } of lineProblems(usb)) problems.push({ path: ["usb", ...path], message });
    for (const same of linesOut.flatMap((line) => sameLine(line, usb) ?? [])) {
      const message = "is a line that is sent to: one widget sends or hears, not both";
      problems.push({ path: ["usb", same], message });
    }
  }
  if (given.artnet !== undefined) {
    for (const { path, message } of portAddressProblems(given.artnet, universe)) {
      problems.push({ path: ["artnet", ...path], message });
    }
  }
  if (given.merge && !hasFailsafe) {
    const message =
      "what a desk shows needs a failsafe for when the desk is lost, such as failsafe: {hold: 5s, fade: 3s}";
    problems.push({ path: ["merge"], message });
  }
  if (Object.keys(given.channels).length > channelsMax) {
    problems.push({ path: ["channels"], message: `more than ${channelsMax} channels` });
  }
  return problems;
}

export function filledReceive(given: Written, universe: number): ReceiveSettings {
  const { sacn, artnet, usb, merge, channels } = given;
  return {
    merge,
    channels,
    ...(sacn?.enabled === true
      ? { sacn: { universe: sacn.universe ?? universe, port: sacn.port, interface: sacn.interface } }
      : {}),
    ...(artnet?.enabled === true
      ? {
          artnet: {
            portAddress: portAddressIn(artnet, universe),
            port: artnet.port,
            interface: artnet.interface,
            priority: artnet.priority,
            timeout: millisOf(artnet.timeout),
          },
        }
      : {}),
    ...(usb?.enabled === true
      ? {
          usb: {
            place: placeOfLine(usb),
            baudRate: usb.baudRate,
            priority: usb.priority,
            timeout: millisOf(usb.timeout),
          },
        }
      : {}),
  };
}
