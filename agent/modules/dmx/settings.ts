/**
 * The settings of an instance. Parsed, each dimmer is also the declaration of its input, so that the
 * manifest's `inputsFrom` can point at them.
 */
import { isIPv4 } from "node:net";
import { type InputSpec, z } from "@interactor/shared/sdk/define-module";
import { artnetPort, netMax, nibbleMax, portAddressMax, portAddressOf } from "./artnet.ts";
import { manifest } from "./manifest.ts";
import { sacnPort, sacnPriorityMax, sacnUniverseMax, sourceNameBytesMax } from "./sacn.ts";
import { channelInput, slotCount } from "./universe.ts";

/** Every frame goes to each of them in turn, 44 times a second. More: refuse, and use multicast. */
const addressesMax = 32;
/** One for each slot. More: refuse. */
const dimmersMax = slotCount;

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

export type DimmerSettings = InputSpec & { readonly channel: number };

export interface Settings {
  readonly universe: number;
  readonly sacn?: SacnSettings;
  readonly artnet?: ArtnetSettings;
  readonly dimmers: { readonly [name: string]: DimmerSettings };
}

/** An object in which a misspelt key is an error that names the right ones. */
function strict<Shape extends z.core.$ZodShape>(shape: Shape): z.ZodMiniObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `unknown setting ${issue.keys?.join(", ")}; there are ${known}`
        : `must be a map of ${known}`,
  });
}

function whole(least: number, most: number): z.ZodMiniNumber {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).check(z.gte(least, error), z.lte(most, error));
}

const isUnicast = (text: string): boolean => isIPv4(text) && !/^(0|22[4-9]|2[3-5]\d)\./.test(text);
const isSendable = (text: string): boolean => isUnicast(text) || text === "255.255.255.255";

const text = z.string({ error: "must be a text" });
const localAddress = text.check(
  z.refine(isUnicast, "must be an IPv4 address of this node, such as 192.168.1.5"),
);

function addresses(isAllowed: (text: string) => boolean, example: string): z.ZodMiniType<string[]> {
  const address = text.check(z.refine(isAllowed, `must be an IPv4 address, such as ${example}`));
  return z.array(address, { error: `must be a list of IPv4 addresses, such as [${example}]` }).check(
    z.minLength(1, "must name at least one address"),
    z.maxLength(addressesMax, `must not name more than ${addressesMax} addresses`),
    z.refine((list) => new Set(list).size === list.length, "an address stands twice"),
  );
}

const sourceName = text.check(
  z.refine(
    (name) => name !== "" && !name.includes("\0") && Buffer.byteLength(name) <= sourceNameBytesMax,
    `must be 1 to ${sourceNameBytesMax} bytes of text`,
  ),
);

const sacn = strict({
  enabled: z._default(z.boolean({ error: "must be true or false" }), true),
  to: z._default(
    z.union([z.literal("multicast"), addresses(isUnicast, "192.168.1.20")], {
      error: 'must be "multicast" or a list of IPv4 addresses',
    }),
    "multicast",
  ),
  port: z._default(whole(1, 65_535), sacnPort),
  interface: z.optional(localAddress),
  priority: z._default(whole(0, sacnPriorityMax), 100),
  sourceName: z.optional(sourceName),
});

const artnet = strict({
  enabled: z._default(z.boolean({ error: "must be true or false" }), true),
  to: addresses(isSendable, "192.168.1.30"),
  port: z._default(whole(1, 65_535), artnetPort),
  interface: z.optional(localAddress),
  portAddress: z.optional(whole(0, portAddressMax)),
  net: z.optional(whole(0, netMax)),
  subnet: z.optional(whole(0, nibbleMax)),
  universe: z.optional(whole(0, nibbleMax)),
});

const dimmer = strict({ channel: whole(1, slotCount), label: z.optional(text) });

const written = strict({
  universe: whole(1, sacnUniverseMax),
  sacn: z.optional(sacn),
  artnet: z.optional(artnet),
  dimmers: z._default(z.record(z.string(), dimmer, { error: "must be a map of name: {channel: …}" }), {}),
});

type Written = z.infer<typeof written>;
type WrittenArtnet = z.infer<typeof artnet>;

export const settings: z.ZodMiniType<Settings> = z.pipe(
  written.check((context) => {
    context.issues.push(...problemsOf(context.value).map(issueOf(context.value)));
  }),
  z.transform(fill),
);

interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

const issueOf = (input: unknown) => (problem: Problem) => ({
  code: "custom" as const,
  input,
  path: [...problem.path],
  message: problem.message,
});

/** What is wrong between settings that are right each by itself. */
function problemsOf(given: Written): readonly Problem[] {
  const problems: Problem[] = [];
  if (given.sacn?.enabled !== true && given.artnet?.enabled !== true) {
    problems.push({ path: [], message: "sacn or artnet is needed: there is nowhere to send to" });
  }
  if (given.artnet !== undefined) problems.push(...artnetProblems(given.artnet, given.universe));
  const names = Object.keys(given.dimmers);
  if (names.length > dimmersMax)
    problems.push({ path: ["dimmers"], message: `more than ${dimmersMax} dimmers` });
  for (const name of names) {
    if (!isTaken(name)) continue;
    problems.push({
      path: ["dimmers", name],
      message: `the name "${name}" is taken by a port of every dmx instance`,
    });
  }
  return problems;
}

function artnetProblems(given: WrittenArtnet, universe: number): readonly Problem[] {
  const hasParts = [given.net, given.subnet, given.universe].some((part) => part !== undefined);
  if (given.portAddress !== undefined && hasParts) {
    return [{ path: ["artnet"], message: "give portAddress, or net, subnet and universe, not both" }];
  }
  if (hasParts && given.universe === undefined) {
    return [{ path: ["artnet", "universe"], message: "net and subnet need universe, 0 to 15, beside them" }];
  }
  if (portAddressIn(given, universe) > portAddressMax) {
    const reason = `universe ${universe} has no port address of its own in Art-Net, which ends at ${portAddressMax}`;
    return [{ path: ["artnet", "portAddress"], message: `is needed: ${reason}` }];
  }
  return [];
}

/** Art-Net counts from 0: what sACN calls universe 1 is port address 0, unless the settings say otherwise. */
function portAddressIn(given: WrittenArtnet, universe: number): number {
  if (given.universe !== undefined) {
    return portAddressOf({ net: given.net ?? 0, subnet: given.subnet ?? 0, universe: given.universe });
  }
  return given.portAddress ?? universe - 1;
}

const isTaken = (name: string): boolean =>
  Object.hasOwn(manifest.outputs, name) || new RegExp(`^${channelInput}\\d*$`).test(name);

function fill(given: Written): Settings {
  const { sacn, artnet } = given;
  return {
    universe: given.universe,
    ...(sacn?.enabled === true ? { sacn: withoutEnabled(sacn) } : {}),
    ...(artnet?.enabled === true ? { artnet: filledArtnet(artnet, given.universe) } : {}),
    dimmers: Object.fromEntries(
      Object.entries(given.dimmers).map(([name, { channel, label }]) => [name, dimmerInput(channel, label)]),
    ),
  };
}

function withoutEnabled({ enabled: _enabled, ...rest }: z.infer<typeof sacn>): SacnSettings {
  return rest;
}

function filledArtnet(given: WrittenArtnet, universe: number): ArtnetSettings {
  return {
    to: given.to,
    port: given.port,
    interface: given.interface,
    portAddress: portAddressIn(given, universe),
  };
}

function dimmerInput(channel: number, label: string | undefined): DimmerSettings {
  return {
    channel,
    ...manifest.inputsLike,
    ...(label === undefined ? {} : { label }),
  };
}
