/** Where a universe goes. */
import { z } from "@interactor/shared/sdk/define-module";
import { artnetPort, netMax, nibbleMax, portAddressMax, portAddressOf } from "../artnet.ts";
import { sacnPort, sourceNameBytesMax } from "../sacn.ts";
import { priority, priorityDefault } from "./cue-lists.ts";
import { addresses, flag, isUnicast, localAddress, type Problem, strict, text, whole } from "./fields.ts";

export interface SacnSettings {
  readonly to: "multicast" | readonly string[];
  readonly port: number;
  /** Local address to send from. */
  readonly interface?: string | undefined;
  readonly priority: number;
  readonly sourceName?: string | undefined;
}

export interface ArtnetSettings {
  readonly to: readonly string[];
  readonly port: number;
  readonly interface?: string | undefined;
  readonly portAddress: number;
}

const isSendable = (address: string): boolean => isUnicast(address) || address === "255.255.255.255";
const udpPort = whole(1, 65_535);

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
  sourceName: z.optional(sourceName),
});

export const artnet = strict({
  enabled: z._default(flag, true),
  to: addresses(isSendable, "192.168.1.30"),
  port: z._default(udpPort, artnetPort),
  interface: z.optional(localAddress),
  portAddress: z.optional(whole(0, portAddressMax)),
  net: z.optional(whole(0, netMax)),
  subnet: z.optional(whole(0, nibbleMax)),
  universe: z.optional(whole(0, nibbleMax)),
});

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
function portAddressIn(given: PortAddress, universe: number): number {
  if (given.universe !== undefined) {
    return portAddressOf({ net: given.net ?? 0, subnet: given.subnet ?? 0, universe: given.universe });
  }
  return given.portAddress ?? universe - 1;
}

export function filledSacn({ enabled: _enabled, ...rest }: WrittenSacn): SacnSettings {
  return rest;
}

export function filledArtnet(given: WrittenArtnet, universe: number): ArtnetSettings {
  const { to, port } = given;
  return { to, port, interface: given.interface, portAddress: portAddressIn(given, universe) };
}
