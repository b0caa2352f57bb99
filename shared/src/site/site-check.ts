/** What the checks of a site share: what was read, the modules there are, and the list of what is wrong. */
import { nearest } from "../kernel/nearest.ts";
import type { PortSpec } from "../wire/messages/port.ts";
import { isOfType } from "../wire/value.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Level } from "./failsafe.ts";
import type { ReadSite } from "./read-site.ts";
import { shown } from "./schema-problems.ts";
import type { SiteProblem } from "./site-problem.ts";
import type { Path } from "./yaml-text.ts";

/** Names that a hint lists when none is near. */
const namesListedMax = 10;

export class SiteCheck {
  readonly site: ReadSite;
  readonly catalogue: Catalogue;
  readonly problems: SiteProblem[];
  /** Names of all zones, those inside of others too. */
  zones: readonly string[] = [];

  constructor(site: ReadSite, catalogue: Catalogue) {
    this.site = site;
    this.catalogue = catalogue;
    this.problems = [...site.problems];
  }

  tell(path: Path, message: string, hint?: string): void {
    this.problems.push(this.site.sources.problemAt(path, message, hint));
  }

  tellKey(path: Path, key: string, message: string, hint?: string): void {
    this.problems.push(this.site.sources.problemAtKey(path, key, message, hint));
  }

  /** At a character of the text at `path`. */
  tellInside(path: Path, offset: number, message: string, hint?: string): void {
    this.problems.push(this.site.sources.problemInside(path, offset, message, hint));
  }
}

/** What would be right in the place of a name that is not there. */
export function hintAmong(name: string, known: readonly string[], where?: string): string {
  const near = nearest(name, known);
  if (near !== undefined) return near;
  if (known.length === 0) return `there are none${where === undefined ? "" : `: ${where}`}`;
  const listed = known.slice(0, namesListedMax).join(", ");
  if (known.length === 1) return `there is only ${listed}`;
  return `there are ${listed}${known.length > namesListedMax ? " …" : ""}`;
}

/** Words for a level that an input does not take. */
export function misfit(level: Level, input: string, spec: PortSpec): string | undefined {
  const { min, max, type } = spec;
  const isNumeric = type === "int" || type === "float";
  const isKind = isOfType(level, type);
  const isWithin = typeof level !== "number" || ((min ?? level) <= level && level <= (max ?? level));
  if (isKind && isWithin) return undefined;
  const range = min !== undefined && max !== undefined ? ` from ${min} to ${max}` : "";
  const wanted = isNumeric ? `a ${type === "int" ? "whole number" : "number"}${range}` : typeWords[type];
  return `${input} takes ${wanted}, not ${shown(level)}`;
}

/** A level that an input of this type takes, for an example. */
export const exampleLevel = ({ type }: PortSpec): string =>
  type === "bool" ? "false" : type === "text" ? '""' : "0";

const typeWords = {
  bool: "true or false",
  int: "a whole number",
  float: "a number",
  text: "a text",
  bytes: "bytes, which no file can say",
  record: "a record, which no level is",
} as const;
