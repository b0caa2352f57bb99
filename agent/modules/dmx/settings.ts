/**
 * The settings of an instance. Parsed, each dimmer is also the declaration of its input, so that the
 * manifest's `inputsFrom` can point at them.
 */
import { type InputSpec, z } from "@interactor/shared/sdk/define-module";
import type { InputPriorities } from "./engine/inputs.ts";
import { channelInput, slotCount } from "./engine/slots.ts";
import { priorities } from "./engine/source.ts";
import { manifest } from "./manifest.ts";
import { sacnUniverseMax } from "./sacn.ts";
import {
  cueLists,
  failsafe,
  priority,
  priorityDefault,
  problemsOfStored,
  scenes,
  slotFinder,
  type Stored,
  storedOf,
} from "./settings/cue-lists.ts";
import { channel, type Problem, strict, text, whole } from "./settings/fields.ts";
import {
  fixtures,
  latestOf,
  placed,
  type PlacedSettings,
  problemsOfFixtures,
  problemsOfPlaced,
} from "./settings/fixtures.ts";
import {
  artnet,
  type ArtnetSettings,
  filledArtnet,
  filledSacn,
  portAddressProblems,
  sacn,
  type SacnSettings,
} from "./settings/outputs.ts";

/** One for each slot. More: refuse. */
const dimmersMax = slotCount;

export type DimmerSettings = InputSpec & { readonly channel: number };

export interface Settings {
  readonly universe: number;
  readonly sacn?: SacnSettings;
  readonly artnet?: ArtnetSettings;
  readonly dimmers: { readonly [name: string]: DimmerSettings };
  readonly placed: { readonly [name: string]: PlacedSettings };
  readonly priorities: InputPriorities;
  /** Slots, counted from 0, that are no intensity. */
  readonly latest: ReadonlySet<number>;
  readonly stored: Stored;
}

const dimmer = strict({ channel, label: z.optional(text) });

const channelRange = z.union(
  [channel, text.check(z.regex(/^\d{1,3}-\d{1,3}$/, "must be a channel, or a range such as 11-14"))],
  { error: "must be a channel, or a range such as 11-14" },
);

const written = strict({
  universe: whole(1, sacnUniverseMax),
  sacn: z.optional(sacn),
  artnet: z.optional(artnet),
  dimmers: z._default(z.record(z.string(), dimmer, { error: "must be a map of name: {channel: …}" }), {}),
  placed,
  fixtures,
  ltpChannels: z._default(
    z
      .array(channelRange, { error: "must be a list of channels, such as [5, 11-14]" })
      .check(z.maxLength(slotCount)),
    [],
  ),
  scenes,
  cueLists,
  failsafe: z.optional(failsafe),
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
  if (given.sacn?.enabled !== true && given.artnet?.enabled !== true) {
    problems.push({ path: [], message: "sacn or artnet is needed: there is nowhere to send to" });
  }
  if (given.artnet !== undefined) {
    for (const { path, message } of portAddressProblems(given.artnet, given.universe)) {
      problems.push({ path: ["artnet", ...path], message });
    }
  }
  const names = [...Object.keys(given.dimmers), ...Object.keys(given.placed)];
  if (names.length > dimmersMax)
    problems.push({ path: ["dimmers"], message: `more than ${dimmersMax} dimmers` });
  for (const name of names) {
    if (!isTaken(name)) continue;
    problems.push({
      path: ["dimmers", name],
      message: `the name "${name}" is taken by a port of every dmx instance`,
    });
  }
  for (const [index, range] of given.ltpChannels.entries()) {
    if (slotsOf(range).length > 0) continue;
    problems.push({
      path: ["ltpChannels", index],
      message: `${range} is no range of channels from 1 to 512`,
    });
  }
  for (const [name, placed] of Object.entries(given.placed)) problems.push(...problemsOfPlaced(name, placed));
  problems.push(...problemsOfFixtures(given.fixtures ?? {}));
  return [...problems, ...problemsOfStored(given, slotFinder(given.dimmers))];
}

/** Names of the module's own ports, which no dimmer may have. */
const isTaken = (name: string): boolean =>
  Object.hasOwn(manifest.outputs, name) ||
  (Object.hasOwn(manifest.inputs, name) && name !== channelInput) ||
  new RegExp(`^${channelInput}\\d*$`).test(name);

/** Counted from 0; none when the range is turned round or leaves the universe. */
function slotsOf(range: number | string): readonly number[] {
  const [first = 0, last = first] = String(range).split("-").map(Number);
  if (first < 1 || last > slotCount || last < first) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => first - 1 + index);
}

function fill(given: Written): Settings {
  const { sacn, artnet, dimmers, placed } = given;
  return {
    universe: given.universe,
    ...(sacn?.enabled === true ? { sacn: filledSacn(sacn) } : {}),
    ...(artnet?.enabled === true ? { artnet: filledArtnet(artnet, given.universe) } : {}),
    dimmers: Object.fromEntries(
      Object.entries(dimmers).map(([name, { channel, label }]) => [name, dimmerInput(channel, label)]),
    ),
    placed,
    priorities: given.priorities,
    latest: new Set([...given.ltpChannels.flatMap(slotsOf), ...latestOf(Object.values(placed))]),
    stored: storedOf(given, slotFinder(dimmers)),
  };
}

function dimmerInput(channel: number, label: string | undefined): DimmerSettings {
  return { channel, ...manifest.inputsLike, ...(label === undefined ? {} : { label }) };
}
