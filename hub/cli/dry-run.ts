/** `interactor config plan --against`: what a recorded day would have been like with the site file as it is now. */
import { createHash } from "node:crypto";
import { outputBytes } from "@interactor/shared/routing/replay";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import type { PlanResponse } from "@interactor/shared/wire/api-config";
import type { Recording } from "@interactor/shared/wire/recording";
import { checkedSite, counted } from "./config-check.ts";
import { fetchRevision } from "./config-client.ts";
import { siteOfRevision } from "./config-diff.ts";
import type { HubAddress } from "./hub-client.ts";
import {
  formatClock,
  formatDay,
  formatSpan,
  formatValue,
  painterFor,
  type Painter,
  printable,
} from "./output.ts";
import { planLines } from "./plan-lines.ts";
import { recordingIn } from "./recording-file.ts";
import { compareReplays, type Comparison, notPlayed, placesOf, type Told } from "./replay-compare.ts";
import { slowerRoutes, type SlowerRoute } from "./route-cost.ts";

export interface DryRun {
  readonly hub: HubAddress;
  readonly file: string;
  readonly plan: PlanResponse;
  /** The path of a recording. */
  readonly recording: string;
}

export interface DryRunOptions {
  readonly json?: boolean;
  readonly color: boolean;
}

/** Inputs that are listed. More are counted. */
const inputsShownMax = 30;
/** Routes that are named as not played. More are counted. */
const notPlayedShownMax = 10;

export async function runDryRun(run: DryRun, options: DryRunOptions): Promise<void> {
  const recording = recordingIn(run.recording);
  const after = checkedSite(run.file, options);
  const before = run.plan.base === 0 ? undefined : await siteBefore(run.hub, run.plan.base);
  const played = playedOnBoth(recording, before, after);
  if (before === undefined) process.stderr.write(`${nothingBefore(run.plan.base)}\n`);
  const painter = painterFor(process.stdout, options.color, process.env);
  const lines =
    options.json === true
      ? [JSON.stringify({ plan: run.plan, ...documentOf(played) })]
      : [...planLines(run.plan, painter), "", ...dryRunLines(recording, played, painter)];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** `undefined`: it was made of routes.yaml, of which the hub tells no text. */
async function siteBefore(hub: HubAddress, number: number): Promise<CompiledSite | undefined> {
  const revision = await fetchRevision(hub, number);
  return Object.keys(revision.files).length === 0 ? undefined : siteOfRevision(revision);
}

const nothingBefore = (base: number): string =>
  base === 0
    ? "there is no revision yet: every output is a new one"
    : `revision ${base} was made of routes.yaml, and cannot be played: every output is told as a new one`;

interface Played {
  readonly compared: Comparison;
  readonly slower: readonly SlowerRoute[];
  /** Routes of the new site that nothing in the recording feeds. */
  readonly notPlayed: readonly string[];
  /** SHA-256 of all that the new site gave, in hex: the same recording and the same routes have the same. */
  readonly hash: string;
}

export function playedOnBoth(
  { readings, from }: Recording,
  before: CompiledSite | undefined,
  after: CompiledSite,
): Played {
  const hash = createHash("sha256");
  const places = placesOf(after);
  const compared = compareReplays(readings, from, {
    before: before === undefined ? [] : placesOf(before),
    after: places,
    given: (output) => void hash.update(outputBytes(output)),
  });
  const slower = slowerRoutes(before, after, readings);
  return { compared, slower, notPlayed: notPlayed(readings, places), hash: hash.digest("hex") };
}

const iso = (at: number): string => new Date(at / 1000).toISOString();

function documentOf({ compared, slower, notPlayed: unfed, hash }: Played) {
  const tellTold = (told: Told | undefined) => told && { at: iso(told.at), value: told.value };
  const sum = ({ outputs, failed }: Comparison["after"]) => ({ outputs, failed: Object.fromEntries(failed) });
  return {
    inputs: compared.inputs.map(({ first, ...input }) => ({
      ...input,
      first: { at: iso(first.at), before: tellTold(first.before), after: tellTold(first.after) },
    })),
    alike: compared.alike,
    before: sum(compared.before),
    after: sum(compared.after),
    slower,
    notPlayed: unfed,
    hash,
  };
}

export function dryRunLines(
  { readings, from }: Pick<Recording, "readings" | "from">,
  { compared, slower, notPlayed: unfed, hash }: Played,
  painter: Painter,
): readonly string[] {
  const { inputs, alike, before, after } = compared;
  const span = formatSpan(((readings.at(-1)?.at ?? from) - from) / 1000);
  const head = `played ${counted(readings.length, "value")} of ${span} from ${formatDay(new Date(from / 1000))}:`;
  const shown = inputs.slice(0, inputsShownMax).map((input) => inputLine(input, painter));
  const more = inputs.length - shown.length;
  const failures = [...after.failed]
    .filter(([name]) => !before.failed.has(name))
    .map(([name, words]) => painter.bad(printable(`route ${name} fails: ${words}`)));
  return [
    head,
    ...(inputs.length === 0 ? ["every input is told the same"] : shown),
    ...(more > 0 ? [painter.faint(`and ${counted(more, "input")} more`)] : []),
    ...(inputs.length > 0 && alike > 0
      ? [painter.faint(`${counted(alike, "other input")} told the same`)]
      : []),
    ...failures,
    ...notPlayedLines(unfed).map((line) => painter.warn(printable(line))),
    ...slower.map(({ route, words }) => painter.warn(printable(`route ${route} is slower: ${words}`))),
    painter.faint(`${counted(after.outputs, "output")}, sha256 ${hash}`),
  ];
}

function notPlayedLines(unfed: readonly string[]): readonly string[] {
  if (unfed.length === 0) return [];
  const more = unfed.length - notPlayedShownMax;
  const names = unfed.slice(0, notPlayedShownMax).join(", ");
  const all = more > 0 ? `${names} and ${counted(more, "route")} more` : names;
  return [`not played, for nothing in the recording feeds them: ${all}`];
}

function inputLine(
  { to, before, after, moments, first }: Comparison["inputs"][number],
  painter: Painter,
): string {
  const counts = before === after ? counted(after, "value") : `${before} => ${counted(after, "value")}`;
  const told = `${toldText(first.before, first.at)} => ${toldText(first.after, first.at)}`;
  const when = formatClock(new Date(first.at / 1000));
  const often = moments === 1 ? "once" : `${moments} times`;
  return `~ ${painter.warn(printable(to))}  differs ${often}, first at ${when}: ${told} (${counts})`;
}

/** `0.5`, and how much later than the other side where it is. */
function toldText(told: Told | undefined, at: number): string {
  if (told === undefined) return "nothing";
  const later = (told.at - at) / 1000;
  return `${formatValue(told.value)}${later > 0 ? ` ${formatSpan(later)} later` : ""}`;
}
