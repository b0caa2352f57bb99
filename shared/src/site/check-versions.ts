/** The version of each instance: within what the site says, for this Interactor, and what modules require of each other. */
import { parseVersionRange, type VersionRange, within } from "../bundle/version-range.ts";
import type { WithdrawnVersion } from "./catalogue.ts";
import type { ReadInstance } from "./read-site.ts";
import { type Candidate, type Conflict, resolveVersions, type Want } from "./resolve-versions.ts";
import { hintAmong, type SiteCheck } from "./site-check.ts";
import type { WrittenInstance } from "./site-schema.ts";
import type { Path } from "./yaml-text.ts";

export interface CheckedVersion {
  readonly version: string;
  /** Instances of its node that start before it. */
  readonly after: readonly string[];
}

/** By instance; without those for which there is none, which is told. */
export function checkVersions(
  check: SiteCheck,
  node: string,
  instances: ReadonlyMap<string, ReadInstance>,
): ReadonlyMap<string, CheckedVersion> {
  const { catalogue } = check;
  const path = ["nodes", node, "instances"];
  const candidates = [...instances].flatMap(([name, { written }]): readonly Candidate[] => {
    const versions = versionsFor(check, [...path, name], written);
    const { module, version: range } = written;
    return versions.length === 0 ? [] : [{ instance: name, module, range, versions }];
  });
  const resolved = resolveVersions(candidates, (module, version) =>
    catalogue.requiresOf({ module, version }),
  );
  for (const conflict of resolved.conflicts) tellConflict(check, node, conflict);
  // What could not be read may be what is missing.
  const unknown = new Set([...instances.values()].map(({ written }) => written.module));
  for (const { required, ...want } of resolved.missing) {
    if (unknown.has(required)) continue;
    const there = catalogue.modules.includes(required);
    check.tellKey(
      path,
      want.instance,
      `${wordsOf(want)} requires ${required} ${want.range}, which does not run on ${node}`,
      `${
        there
          ? `add an instance of it: ${required}: { module: ${required} }`
          : `there is no module "${required}" either: publish one, or take another version of ${want.instance}`
      }; what stands in the node's own node.json does not count here`,
    );
  }
  for (const circle of resolved.circles) {
    const [first] = circle;
    const begins = candidates.find(({ module }) => module === first)?.instance ?? "";
    check.tellKey(
      path,
      begins,
      `these modules require each other: ${circle.join(" -> ")}`,
      "nothing starts before what it requires: one of them has to do without, in another version of it",
    );
  }
  const { versions, after } = resolved;
  return new Map([...versions].map(([name, version]) => [name, { version, after: after.get(name) ?? [] }]));
}

/** The newest first. */
function versionsFor(check: SiteCheck, path: Path, { module, version }: WrittenInstance): readonly string[] {
  const { catalogue } = check;
  const all = catalogue.versionsOf(module);
  const withdrawn = withdrawnWithin(check, module, version);
  if (withdrawn !== undefined && within(rangeOf(version), all).length === 0) {
    const place = version === undefined || all.length === 0 ? "module" : "version";
    check.tell(
      [...path, place],
      `${module} ${withdrawn.version} was withdrawn: ${withdrawn.why}`,
      all.length === 0
        ? "where it runs it goes on; name another module, or bring it back by interactor module publish"
        : `where it runs it goes on; there is ${all.join(", ")}`,
    );
    return [];
  }
  if (all.length === 0) {
    check.tell([...path, "module"], `there is no module "${module}"`, hintAmong(module, catalogue.modules));
    return [];
  }
  const wanted = within(rangeOf(version), all);
  const ours = wanted.filter((each) => catalogue.isForThis({ module, version: each }));
  const [newest] = wanted;
  // What is wrong with the range by itself has been told.
  if (newest === undefined && parseVersionRange(version ?? "*").ok)
    check.tell(
      [...path, "version"],
      `no version of ${module} is within ${version}`,
      `there is ${all.join(", ")}`,
    );
  else if (newest !== undefined && ours.length === 0)
    check.tell(
      [...path, version === undefined ? "module" : "version"],
      `${module} ${newest} is for Interactor ${catalogue.enginesOf({ module, version: newest })}, and this is ${catalogue.interactor}`,
      otherVersion(check, module),
    );
  return ours;
}

/** What is no range has nothing within it. */
function rangeOf(version: string | undefined): VersionRange {
  const range = parseVersionRange(version ?? "*");
  return range.ok ? range.value : { has: () => false };
}

/** The newest of those that the site would have had. */
function withdrawnWithin(
  { catalogue }: SiteCheck,
  module: string,
  version: string | undefined,
): WithdrawnVersion | undefined {
  const withdrawn = catalogue.withdrawnOf(module);
  const [newest] = within(
    rangeOf(version),
    withdrawn.map((each) => each.version),
  );
  return withdrawn.find((each) => each.version === newest);
}

function otherVersion({ catalogue }: SiteCheck, module: string): string {
  const others = catalogue.versionsOf(module).filter((version) => catalogue.isForThis({ module, version }));
  return others.length === 0
    ? "bring Interactor to that version, or ask its publisher for one that is for this"
    : `there is ${others.join(", ")} for this one: name it as its version`;
}

function tellConflict(check: SiteCheck, node: string, { module, instances, wants }: Conflict): void {
  const [first = ""] = instances;
  const words = wants.map((want) => `${wordsOf(want)} wants ${want.range}`);
  const all = check.catalogue.versionsOf(module).join(", ");
  check.tellKey(
    ["nodes", node, "instances"],
    first,
    `no version of ${module} is what all on ${node} want: ${words.join(", ")}`,
    `there is ${all}: let them agree by their version, or run them on different nodes`,
  );
}

const wordsOf = ({ instance, module, version }: Want): string =>
  version === undefined ? `the site (${instance})` : `${instance} (${module} ${version})`;
