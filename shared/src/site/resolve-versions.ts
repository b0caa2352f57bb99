/**
 * Which version of its module each instance of one node runs. Modules require others by ranges; all instances of a
 * required module on the node serve whoever requires it, so all of them have to be within. Newer is better, in the order of
 * names: the same site gives the same versions however it is written.
 */
import { parseVersionRange } from "../bundle/version-range.ts";

export interface Candidate {
  readonly instance: string;
  readonly module: string;
  /** What the site says, when it says something. */
  readonly range: string | undefined;
  /** Versions that it may run, the newest first; never empty. */
  readonly versions: readonly string[];
}

export interface Want {
  readonly instance: string;
  readonly module: string;
  /** Of the one that wants; `undefined`: the site wants it of this instance. */
  readonly version: string | undefined;
  readonly range: string;
}

export interface Conflict {
  readonly module: string;
  /** Those of the module, in the order of names. */
  readonly instances: readonly string[];
  readonly wants: readonly Want[];
}

export interface Resolution {
  /** By instance. Where there is a conflict, the newest. */
  readonly versions: ReadonlyMap<string, string>;
  readonly conflicts: readonly Conflict[];
  /** What is required and runs nowhere on the node. */
  readonly missing: readonly (Want & { readonly required: string })[];
  /** Modules that require each other, the first one again after the last. */
  readonly circles: readonly (readonly string[])[];
  /** By instance those that start before it, in the order of names. */
  readonly after: ReadonlyMap<string, readonly string[]>;
}

type RequiresOf = (module: string, version: string) => Readonly<Record<string, string>>;

/** Tries, of modules that are related, until it is given up: each is a comparison with all that were chosen before. More: what is newest conflicts. */
const triesMax = 5000;

export function resolveVersions(candidates: readonly Candidate[], requiresOf: RequiresOf): Resolution {
  const sorted = candidates.toSorted((left, right) => (left.instance < right.instance ? -1 : 1));
  const newest = new Map(sorted.map(({ instance, versions }) => [instance, versions[0] ?? ""]));
  const searched = relatedIn(sorted, requiresOf).flatMap((related) => [
    ...(new Search(related, requiresOf).found() ?? []),
  ]);
  const versions = new Map([...newest, ...searched]);
  const wants = sorted.flatMap(({ instance, module }) => wantsOf(instance, module, versions, requiresOf));
  const byModule = Map.groupBy(sorted, ({ module }) => module);
  return {
    versions,
    conflicts: conflictsOf(byModule, wants, versions),
    missing: wants.filter(({ required }) => !byModule.has(required)),
    circles: circlesOf(wants),
    after: afterOf(wants, byModule),
  };
}

type Required = Want & { readonly required: string };

function wantsOf(
  instance: string,
  module: string,
  versions: ReadonlyMap<string, string>,
  requiresOf: RequiresOf,
): readonly Required[] {
  const version = versions.get(instance) ?? "";
  const required = Object.entries(requiresOf(module, version)).toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  );
  return required.map(([other, range]) => ({ instance, module, version, range, required: other }));
}

/**
 * Apart whatever cannot bear on each other: modules are related by what any of their versions require. Searched together,
 * each would multiply the tries of all others.
 */
function relatedIn(
  candidates: readonly Candidate[],
  requiresOf: RequiresOf,
): readonly (readonly Candidate[])[] {
  const related = new Map(candidates.map(({ module }) => [module, new Set([module])]));
  const pairs = candidates.flatMap(({ module, versions }) =>
    versions.flatMap((version) =>
      Object.keys(requiresOf(module, version)).map((other) => [module, other] as const),
    ),
  );
  for (const [module, other] of pairs) {
    const [all, others] = [related.get(module), related.get(other)];
    if (all === undefined || others === undefined || all === others) continue;
    for (const each of others) related.set(each, all.add(each));
  }
  return [...new Set(related.values())].map((modules) =>
    candidates.filter(({ module }) => modules.has(module)),
  );
}

class Search {
  readonly #candidates: readonly Candidate[];
  readonly #requiresOf: RequiresOf;
  readonly #chosen = new Map<string, string>();
  #tries = 0;

  constructor(candidates: readonly Candidate[], requiresOf: RequiresOf) {
    this.#candidates = candidates;
    this.#requiresOf = requiresOf;
  }

  found(): ReadonlyMap<string, string> | undefined {
    return this.#choose(0) ? this.#chosen : undefined;
  }

  #choose(index: number): boolean {
    const candidate = this.#candidates[index];
    if (candidate === undefined) return true;
    for (const version of candidate.versions) {
      this.#tries += 1;
      if (this.#tries > triesMax) return false;
      if (!this.#fits(index, candidate.module, version)) continue;
      this.#chosen.set(candidate.instance, version);
      if (this.#choose(index + 1)) return true;
    }
    return false;
  }

  #fits(index: number, module: string, version: string): boolean {
    const wanted = this.#requiresOf(module, version);
    if (!isWithin(version, own(wanted, module))) return false;
    return this.#candidates.slice(0, index).every(({ instance, module: other }) => {
      const chosen = this.#chosen.get(instance) ?? "";
      const wants = this.#requiresOf(other, chosen);
      return isWithin(version, own(wants, module)) && isWithin(chosen, own(wanted, other));
    });
  }
}

function conflictsOf(
  byModule: ReadonlyMap<string, readonly Candidate[]>,
  wants: readonly Required[],
  versions: ReadonlyMap<string, string>,
): readonly Conflict[] {
  return [...byModule].flatMap(([module, candidates]) => {
    const asked = wants.filter(({ required }) => required === module);
    const isWrong = candidates.some(({ instance }) =>
      asked.some(({ range }) => !isWithin(versions.get(instance) ?? "", range)),
    );
    if (!isWrong) return [];
    const bySite = candidates.flatMap(({ instance, range }) =>
      range === undefined ? [] : [{ instance, module, version: undefined, range }],
    );
    return [{ module, instances: candidates.map(({ instance }) => instance), wants: [...asked, ...bySite] }];
  });
}

function afterOf(
  wants: readonly Required[],
  byModule: ReadonlyMap<string, readonly Candidate[]>,
): ReadonlyMap<string, readonly string[]> {
  const after = new Map<string, readonly string[]>();
  for (const { instance, required } of wants) {
    const names = (byModule.get(required) ?? []).map((each) => each.instance);
    after.set(instance, [...new Set([...(after.get(instance) ?? []), ...names])].toSorted());
  }
  return after;
}

/** Each circle once, beginning with what comes first in the alphabet. */
function circlesOf(wants: readonly Required[]): readonly (readonly string[])[] {
  const next = new Map<string, Set<string>>();
  for (const { module, required } of wants) next.set(module, (next.get(module) ?? new Set()).add(required));
  const done = new Set<string>();
  const circles: (readonly string[])[] = [];
  const walk = (module: string, way: readonly string[]): void => {
    const at = way.indexOf(module);
    if (at >= 0) return void circles.push(fromFirst(way.slice(at)));
    if (done.has(module)) return undefined;
    for (const required of next.get(module) ?? []) walk(required, [...way, module]);
    done.add(module);
    return undefined;
  };
  for (const module of [...next.keys()].toSorted()) walk(module, []);
  return circles;
}

function fromFirst(circle: readonly string[]): readonly string[] {
  const [first = ""] = circle.toSorted();
  const at = circle.indexOf(first);
  return [...circle.slice(at), ...circle.slice(0, at), first];
}

/** What nobody wants anything of is right. */
function isWithin(version: string, range: string | undefined): boolean {
  if (range === undefined) return true;
  const parsed = parseVersionRange(range);
  return parsed.ok && parsed.value.has(version);
}

const own = (map: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;
