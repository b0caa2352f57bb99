/** Places, what stands in them, and the modes they can be in. */
import { stopZonesMax } from "../wire/limits.ts";
import { wholeSite } from "../wire/names.ts";
import type { Modes, ReadZone } from "./read-site.ts";
import { hintAmong, type SiteCheck } from "./site-check.ts";
import { zoneDepthMax } from "./site-schema.ts";
import type { Path } from "./yaml-text.ts";

export interface Zone {
  readonly title: string | undefined;
  /** The zones around it, the nearest first. */
  readonly around: readonly string[];
  /** Of its own; those of the zone around it when there are none. */
  readonly modes: Modes | undefined;
  readonly mode: string | undefined;
}

export type Zones = ReadonlyMap<string, Zone>;

interface Surroundings {
  readonly path: Path;
  readonly around: readonly string[];
  readonly modes: Modes;
}

/** All zones of the site, those inside of others too. */
export function checkZones(check: SiteCheck): Zones {
  const { site } = check;
  checkMode(check, ["mode"], site.mode, site.modes);
  checkBeginning(check, [], site.mode, site.modes);
  const zones = new Map<string, Zone>();
  const paths = new Map<string, Path>();
  const add = (
    name: string,
    { zone, zones: inside }: ReadZone,
    { path, around, modes }: Surroundings,
  ): void => {
    const earlier = paths.get(name);
    if (earlier !== undefined) {
      check.tellKey(
        path,
        name,
        `"${name}" is already the name of the zone at ${site.sources.placeOf(earlier)}`,
      );
      return;
    }
    if (around.length === zoneDepthMax - 1)
      check.tellKey(path, name, `more than ${zoneDepthMax - 1} zones inside each other`);
    if (around.length >= zoneDepthMax - 1) return;
    const own = zone.modes ?? modes;
    const here = [...path, name];
    checkMode(check, [...here, "mode"], zone.mode, own);
    checkBeginning(check, here, zone.mode, zone.modes ?? {});
    if (name === wholeSite)
      check.tellKey(path, name, `"${name}" is the word for all of it`, "call it otherwise");
    paths.set(name, here);
    zones.set(name, { title: zone.title, around, modes: zone.modes, mode: zone.mode });
    const inner = { path: [...here, "zones"], around: [name, ...around], modes: own };
    for (const [each, zone] of inside) add(each, zone, inner);
  };
  const outer = { path: ["zones"], around: [], modes: site.modes };
  for (const [name, zone] of site.zones) add(name, zone, outer);
  if (zones.size > stopZonesMax) check.tell(["zones"], `more than ${stopZonesMax} zones`);
  check.zones = [...zones.keys()];
  return zones;
}

function checkMode(check: SiteCheck, path: Path, mode: string | undefined, modes: Modes): void {
  if (mode === undefined || Object.hasOwn(modes, mode)) return;
  check.tell(
    path,
    `there is no mode "${mode}" here`,
    hintAmong(mode, Object.keys(modes), "add it under modes:"),
  );
}

/** Whoever has modes begins in one of them. */
function checkBeginning(check: SiteCheck, path: Path, mode: string | undefined, modes: Modes): void {
  const [first] = Object.keys(modes);
  if (first === undefined || check.site.isWritten(...path.map(String), "mode")) return;
  if (mode === undefined) check.tellKey(path, "modes", "which mode does it begin in?", `add mode: ${first}`);
}

/** Whether every zone and exhibit that is named is there. */
export function checkPlaces(check: SiteCheck, zones: Zones): void {
  const { site } = check;
  for (const [name, exhibit] of site.exhibits)
    checkZone(check, ["exhibits", name, "zone"], exhibit.zone, zones);
  for (const [name, { node, instances }] of site.nodes) {
    if (node.zone !== undefined) checkZone(check, ["nodes", name, "zone"], node.zone, zones);
    checkExhibit(check, ["nodes", name, "exhibit"], node.exhibit);
    for (const [each, { written }] of instances)
      checkExhibit(check, ["nodes", name, "instances", each, "exhibit"], written.exhibit);
  }
}

function checkZone(check: SiteCheck, path: Path, name: string, zones: Zones): void {
  if (zones.has(name) || hasBroken(check)) return;
  check.tell(path, `there is no zone "${name}"`, hintAmong(name, [...zones.keys()], "add it under zones:"));
}

/** A zone that is wrong may have others inside of it. */
const hasBroken = ({ site }: SiteCheck): boolean => site.namesIn("zones").length > site.zones.size;

function checkExhibit(check: SiteCheck, path: Path, name: string | undefined): void {
  if (name === undefined || check.site.isWritten("exhibits", name)) return;
  const known = check.site.namesIn("exhibits");
  check.tell(path, `there is no exhibit "${name}"`, hintAmong(name, known, "add it under exhibits:"));
}
