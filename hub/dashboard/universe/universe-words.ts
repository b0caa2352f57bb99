/** What a universe says of itself, in words: its numbers, and the cues that are on. */
import { universeInWords } from "@interactor/shared/site/fixtures/universe-number";
import type { UniverseMonitor } from "@interactor/shared/site/fixtures/universe-monitor";
import type { Value } from "@interactor/shared/wire/value";

/** By its monitor; nothing of one that has not sent yet, or says no numbers. */
export function numberWords(monitor: UniverseMonitor | undefined): string {
  return monitor?.universe === undefined ? "" : universeInWords(monitor.universe, monitor.portAddress);
}

/** `cue show/open, paused`; of several that are on, which of them stand still. */
export function cueWords(cue: Value | undefined, paused: Value | undefined): string {
  if (typeof cue !== "string" || cue === "") return "";
  if (typeof paused !== "string" || paused === "") return `cue ${cue}`;
  return paused === cue ? `cue ${cue}, paused` : `cue ${cue} (paused: ${paused})`;
}

export interface ShownList {
  readonly name: string;
  /** Empty: nothing of it is on. */
  readonly cue: string;
  readonly isPaused: boolean;
  /** What GO and back play; empty: nothing. */
  readonly next: string;
  readonly before: string;
}

/** The cue lists of a universe, on or off; none of one that does not say so. */
export function cueListsIn(lists: Value | undefined): readonly ShownList[] {
  return entriesOf(lists).flatMap((each) => {
    const text = (key: string): string => textOf(each[key]);
    const [name, cue, next, before] = [text("name"), text("cue"), text("next"), text("before")];
    return name === "" ? [] : [{ name, cue, isPaused: each["paused"] === true, next, before }];
  });
}

/** `MagicQ · 10.0.0.5 · priority 100 · CID 1f…`, a line a desk that is heard. */
export function deskLines(desks: Value | undefined): readonly string[] {
  return entriesOf(desks).map((each) => {
    const { name, address, line, cid, priority } = each;
    const where = [textOf(address), textOf(line)].filter((place) => !textOf(name).includes(place));
    const numbers = [
      ...(typeof priority === "number" ? [`priority ${priority}`] : []),
      ...(textOf(cid) === "" ? [] : [`CID ${textOf(cid)}`]),
    ];
    return [textOf(name), ...where, ...numbers].join(" · ");
  });
}

export const textOf = (value: Value | undefined): string => (typeof value === "string" ? value : "");

function entriesOf(list: Value | undefined): readonly Readonly<Record<string, Value>>[] {
  return Array.isArray(list) ? list.filter(isEntry) : [];
}

const isEntry = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
