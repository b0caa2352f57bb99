/**
 * The settings of an instance. Parsed, each dimmer is also the declaration of its input, so that the
 * manifest's `inputsFrom` can point at them.
 */
import { type InputSpec } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import type { InputPriorities } from "./engine/inputs.ts";
import { channelInput, slotCount } from "./engine/slots.ts";
import { slotsOfPlaced } from "./engine/placed-input.ts";
import { priorities } from "./engine/source.ts";
import { manifest } from "./manifest.ts";
import { sacnUniverseMax } from "./sacn.ts";
import {
  cueLists,
  failsafe,
  levelFinder,
  priority,
  priorityDefault,
  problemsOfStored,
  scenes,
  type Stored,
  storedOf,
} from "./settings/cue-lists.ts";
import { channel, type Problem, rangeWords, slotsOf, strict, text, whole } from "./settings/fields.ts";
import {
  fixtures,
  latestOf,
  placed,
  type PlacedSettings,
  problemsOfFixtures,
  problemsOfPlaced,
  steppedOf,
} from "./settings/fixtures.ts";
import {
  artnet,
  type ArtnetSettings,
  filledArtnet,
  filledSacn,
  filledUsb,
  lineProblems,
  openDmx,
  type OpenDmxSettings,
  placeOfLine,
  portAddressProblems,
  sacn,
  sacnProblems,
  type SacnSettings,
  sameLine,
  usb,
  usbProblems,
  type UsbSettings,
} from "./settings/outputs.ts";
import { filledReceive, receive, receiveProblems, type ReceiveSettings } from "./settings/receive.ts";

/** One for each slot. More: refuse. */
const dimmersMax = slotCount;

export type DimmerSettings = InputSpec & { readonly channel: number };

export interface Settings {
  readonly universe: number;
  readonly sacn?: SacnSettings;
  readonly artnet?: ArtnetSettings;
  readonly usb?: UsbSettings;
  readonly openDmx?: OpenDmxSettings;
  readonly receive?: ReceiveSettings;
  readonly dimmers: { readonly [name: string]: DimmerSettings };
  readonly placed: { readonly [name: string]: PlacedSettings };
  readonly priorities: InputPriorities;
  /** Slots, counted from 0, that are no intensity. */
  readonly latest: ReadonlySet<number>;
  /** Slots, counted from 0, that never fade. */
  readonly stepped: ReadonlySet<number>;
  readonly stored: Stored;
  /** Path of the file in which is kept what is shown; `false`: in none. */
  readonly remember?: string | false;
}

const dimmer = strict({ channel, label: z.optional(text) });

const channelRange = z.union(
  [channel, text.check(z.regex(/^\d{1,3}-\d{1,3}$/, "must be a channel, or a range such as 11-14"))],
  { error: "must be a channel, or a range such as 11-14" },
);

const channelRanges = z._default(
  z
    .array(channelRange, { error: "must be a list of channels, such as [5, 11-14]" })
    .check(z.maxLength(slotCount)),
  [],
);

const written = strict({
  universe: whole(1, sacnUniverseMax),
  sacn: z.optional(sacn),
  artnet: z.optional(artnet),
  usb: z.optional(usb),
  openDmx: z.optional(openDmx),
  receive: z.optional(receive),
  dimmers: z._default(z.record(z.string(), dimmer, { error: "must be a map of name: {channel: …}" }), {}),
  placed,
  fixtures,
  ltpChannels: channelRanges,
  steppedChannels: channelRanges,
  scenes,
  cueLists,
  failsafe: z.optional(failsafe),
  remember: z.optional(
    z.union(
      [text.check(z.refine((path) => path.startsWith("/"), "must be a path")), z.literal(false)],
      "must be a path such as /run/interactor/stage, or false",
    ),
  ),
  priorities: z._default(
    strict({
      channels: z._default(whole(0, priorities.channels), priorities.channels),
      dimmers: z._default(priority, priorityDefault),
    }),
    { channels: priorities.channels, dimmers: priorityDefault },
  ),
});

type Written = z.infer<typeof written>;

export const settings: z.ZodMiniType<Settings> = z.pipe(
  written.check((context) => {
    context.issues.push(...problemsOf(context.value).map(issueOf(context.value)));
  }),
  z.transform(fill),
);

const issueOf = (input: unknown) => (problem: Problem) => ({
  code: "custom" as const,
  input,
  path: [...problem.path],
  message: problem.message,
});

/** What is wrong between settings that are right each by itself. */
function problemsOf(given: Written): readonly Problem[] {
  const problems: Problem[] = [];
  const isSent = [given.sacn, given.artnet, given.usb, given.openDmx].some(
    (output) => output?.enabled === true,
  );
  if (!isSent && given.receive === undefined) {
    problems.push({
      path: [],
      message: "sacn, artnet, usb or openDmx is needed: there is nowhere to send to",
    });
  }
  const inside = (key: string, found: readonly Problem[]): void => {
    for (const { path, message } of found) problems.push({ path: [key, ...path], message });
  };
  if (given.sacn !== undefined) inside("sacn", sacnProblems(given.sacn));
  if (given.artnet !== undefined) inside("artnet", portAddressProblems(given.artnet, given.universe));
  if (given.receive !== undefined) {
    const linesOut = [given.usb, given.openDmx].flatMap((output) => output ?? []);
    const around = { universe: given.universe, hasFailsafe: given.failsafe !== undefined, linesOut };
    inside("receive", receiveProblems(given.receive, around));
  }
  if (given.usb !== undefined) inside("usb", usbProblems(given.usb));
  if (given.openDmx !== undefined) inside("openDmx", lineProblems(given.openDmx));
  const same = given.usb && given.openDmx && sameLine(given.usb, given.openDmx);
  if (same !== undefined) {
    const message = "is the line of usb: one adapter is either, not both";
    problems.push({ path: ["openDmx", same], message });
  }
  const names = [...Object.keys(given.dimmers), ...Object.keys(given.placed)];
  if (names.length > dimmersMax)
    problems.push({ path: ["dimmers"], message: `more than ${dimmersMax} dimmers` });
  const takenIn = (path: readonly string[], names: readonly string[]): void => {
    for (const name of names.filter(isTaken)) {
      const message = `the name "${name}" is taken by a port of every dmx instance`;
      problems.push({ path: [...path, name], message });
    }
  };
  takenIn(["dimmers"], names);
  takenIn(["receive", "channels"], Object.keys(given.receive?.channels ?? {}));
  for (const key of ["ltpChannels", "steppedChannels"] as const)
    for (const [index, range] of given[key].entries())
      if (slotsOf(range).length === 0) problems.push({ path: [key, index], message: rangeWords(range) });
  for (const [name, placed] of Object.entries(given.placed)) problems.push(...problemsOfPlaced(name, placed));
  problems.push(...problemsOfFixtures(given.fixtures ?? {}));
  return [...problems, ...problemsOfStored(given, levelFinder(given))];
}

/** Names of the module's own ports, which no dimmer may have. */
const isTaken = (name: string): boolean =>
  Object.hasOwn(manifest.outputs, name) ||
  (Object.hasOwn(manifest.inputs, name) && name !== channelInput) ||
  new RegExp(`^${channelInput}\\d*$`).test(name);

function fill(given: Written): Settings {
  const { sacn, artnet, dimmers, placed } = given;
  return {
    universe: given.universe,
    ...(sacn?.enabled === true ? { sacn: filledSacn(sacn) } : {}),
    ...(artnet?.enabled === true ? { artnet: filledArtnet(artnet, given.universe) } : {}),
    ...(given.usb?.enabled === true ? { usb: filledUsb(given.usb) } : {}),
    ...(given.openDmx?.enabled === true ? { openDmx: { place: placeOfLine(given.openDmx) } } : {}),
    ...(given.receive === undefined ? {} : { receive: filledReceive(given.receive, given.universe) }),
    dimmers: Object.fromEntries(
      Object.entries(dimmers).map(([name, { channel, label }]) => [name, dimmerInput(channel, label)]),
    ),
    placed,
    priorities: given.priorities,
    latest: new Set([...given.ltpChannels.flatMap(slotsOf), ...latestOf(Object.values(placed))]),
    stepped: new Set([...given.steppedChannels.flatMap(slotsOf), ...steppedOf(Object.values(placed))]),
    stored: storedOf(given, levelFinder(given)),
    ...(given.remember === undefined ? {} : { remember: given.remember }),
  };
}

/** Channels, 1–512, by the input that sets them. */
export const patchOf = ({ dimmers, placed }: Settings): Record<string, readonly number[]> => ({
  ...Object.fromEntries(Object.entries(dimmers).map(([name, { channel }]) => [name, [channel]])),
  ...Object.fromEntries(Object.entries(placed).map(([name, each]) => [name, slotsOfPlaced(each)])),
});

function dimmerInput(channel: number, label: string | undefined): DimmerSettings {
  return { channel, ...manifest.inputsLike, ...(label === undefined ? {} : { label }) };
}
