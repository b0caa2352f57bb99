/** Every instance: its module, its settings, the ports it then has, and what these do when they are let alone. */
import type { DeclaredPorts, Need } from "../bundle/manifest.ts";
import type { ModuleLimits } from "../wire/messages/module-limits.ts";
import type { ModuleVersion } from "./catalogue.ts";
import type { InstancePlan } from "./compiled-site.ts";
import { InputChecks, type PlacedFailsafe } from "./check-inputs.ts";
import type { Level } from "./failsafe.ts";
import { type CheckedVersion, checkVersions } from "./check-versions.ts";
import { checkFixtures, type PlacedSettings } from "./check-fixtures.ts";
import { grantedTo, limitsFor } from "./granted.ts";
import type { SiteCheck } from "./site-check.ts";
import type { ReadInstance } from "./read-site.ts";
import { sceneInstance } from "../wire/names.ts";
import type { WrittenInstance } from "./site-schema.ts";
import type { Path } from "./yaml-text.ts";

export interface CheckedInstance extends ModuleVersion {
  readonly node: string;
  readonly name: string;
  /** Instances of its node that start before it. */
  readonly after: readonly string[];
  readonly path: Path;
  readonly written: WrittenInstance;
  /** As they are written, with fixtures put in their places. */
  readonly settings: WrittenInstance["settings"];
  readonly fixtures: PlacedSettings["fixtures"];
  readonly ports: DeclaredPorts;
  readonly needs: readonly Need[];
  /** What its module asks for. */
  readonly limits: ModuleLimits;
  /** By input; a counted one by what it stands for, and single ones of it that differ. */
  readonly failsafes: Readonly<Record<string, PlacedFailsafe>>;
  readonly stops: Readonly<Record<string, Level>>;
  /** Only of inputs for which it is said. */
  readonly backgrounds: Readonly<Record<string, Level>>;
  /** Of a module that was published. */
  readonly bundle: InstancePlan["bundle"];
}

/** By `node/instance`. */
export type Instances = ReadonlyMap<string, CheckedInstance>;

export function checkInstances(check: SiteCheck): Instances {
  const checked = new Map<string, CheckedInstance>();
  for (const [node, { instances }] of check.site.nodes) {
    const versions = checkVersions(check, node, instances);
    for (const [name, read] of instances) {
      const instance = checkInstance(check, { node, name, found: versions.get(name) }, read);
      if (instance !== undefined) checked.set(`${node}/${name}`, instance);
    }
  }
  return checked;
}

function checkInstance(
  check: SiteCheck,
  { node, name, found }: { node: string; name: string; found: CheckedVersion | undefined },
  { written, wrong }: ReadInstance,
): CheckedInstance | undefined {
  const path = ["nodes", node, "instances", name];
  if (name === sceneInstance) {
    check.tellKey(path.slice(0, -1), name, `every node has a "${name}" of its own`, "call it otherwise");
    return undefined;
  }
  if (found === undefined) return undefined;
  const module = { module: written.module, version: found.version };
  const { catalogue } = check;
  const settings = wrong.has("settings") ? undefined : readSettings(check, path, module, written.settings);
  // What ports settings would have made, nobody knows.
  if (settings === undefined && !catalogue.hasFixedPorts(module)) return undefined;
  const placed = checkFixtures(check, path, module, settings ?? {});
  if (placed === undefined) return undefined;
  const given = placed.whole;
  const ports = catalogue.portsOf(module, given);
  if (!ports.ok) {
    check.tell([...path, "settings"], ports.error);
    return undefined;
  }
  const needs = catalogue.needsOf(module, given);
  const inputs = new InputChecks(check, { node, name, path, ports: ports.value });
  inputs.checkLeases(written.leases ?? {});
  const stops = wrong.has("stop") ? {} : inputs.stops(written.stop);
  return {
    ...module,
    after: found.after,
    node,
    name,
    path,
    written,
    settings: placed.written(written.settings),
    fixtures: placed.fixtures,
    ports: ports.value,
    needs,
    limits: catalogue.limitsOf(module),
    bundle: bundleFor(catalogue, module, needs, written),
    stops,
    backgrounds: wrong.has("background") ? {} : inputs.levels("background", written.background),
    failsafes: wrong.has("failsafe") ? {} : inputs.failsafes(written.failsafe, stops),
  };
}

/** With their defaults; `undefined`: something is wrong with them, and was told. */
function readSettings(
  { catalogue, problems, site }: SiteCheck,
  path: Path,
  module: ModuleVersion,
  written: WrittenInstance["settings"],
): unknown {
  const settings = catalogue.readSettings(site.sources, [...path, "settings"], module, written ?? {});
  if (settings.ok) return settings.value;
  problems.push(...settings.error.filter((problem) => !site.sources.isBroken(problem)));
  return undefined;
}

/** `undefined`: it is built in. */
function bundleFor(
  catalogue: SiteCheck["catalogue"],
  module: { readonly module: string; readonly version: string },
  needs: CheckedInstance["needs"],
  { grant }: ReadInstance["written"],
): CheckedInstance["bundle"] {
  const bundle = catalogue.bundleOf(module);
  return (
    bundle && {
      ...bundle,
      takesSettings: catalogue.takesSettings(module),
      overlaps: catalogue.overlaps(module),
      ...grantedTo(needs),
      ...limitsFor(catalogue.limitsOf(module), grant),
    }
  );
}
