/**
 * Reads the files of a site part by part, so that what is wrong with one says nothing against the others. Parts that
 * are wrong are left out of what is read; that they are there is remembered, and nobody is told they are missing.
 */
import type * as z from "zod";
import { nearest } from "../kernel/nearest.ts";
import { instancesMax, stopZonesMax } from "../wire/limits.ts";
import { everyZone } from "../wire/messages/stop.ts";
import { isName, nameFrom } from "../wire/names.ts";
import { inputAddressOf } from "./fixtures/fixture-names.ts";
import { nameField, nameWords, routeSchema, type WrittenRoute } from "./route-schema.ts";
import { type Groups, groupSchema } from "./route-target.ts";
import { problemsToldMax } from "./limits.ts";
import { readBySchema, salvage } from "./schema-problems.ts";
import type { SiteProblem } from "./site-problem.ts";
import {
  exhibitSchema,
  instanceSchema,
  modeFlags,
  nodeSchema,
  sceneSchema,
  secretSchema,
  sectionsMax,
  siteFileSchema,
  type WrittenInstance,
  type WrittenNode,
  type WrittenZone,
  zoneSchema,
} from "./site-schema.ts";
import { type ReadSource, SiteSources } from "./site-sources.ts";
import { type SecretUse, Variables } from "./variables.ts";
import type { Path } from "./yaml-text.ts";

export type Named<Part> = ReadonlyMap<string, Part>;
export type Modes = Readonly<Record<string, z.infer<typeof modeFlags>>>;
export type Exhibit = z.infer<typeof exhibitSchema>;
export type Secret = z.infer<typeof secretSchema>;
export type Scene = z.infer<typeof sceneSchema>;

/** Parts of it that are wrong, and have been told: they are left out of what is read. */
export interface Flawed {
  readonly wrong: ReadonlySet<string>;
}

export interface ReadInstance extends Flawed {
  readonly written: WrittenInstance;
}

export interface ReadNode {
  readonly node: WrittenNode;
  readonly instances: Named<ReadInstance>;
}

export interface ReadZone {
  readonly zone: WrittenZone;
  readonly zones: Named<ReadZone>;
}

export interface ReadRoute extends Flawed {
  readonly route: WrittenRoute;
  readonly path: Path;
}

export interface ReadSite {
  readonly sources: SiteSources;
  readonly name: string;
  readonly secrets: Named<Secret>;
  readonly modes: Modes;
  readonly mode: string | undefined;
  readonly zones: Named<ReadZone>;
  readonly exhibits: Named<Exhibit>;
  readonly nodes: Named<ReadNode>;
  readonly groups: Groups;
  readonly routes: readonly ReadRoute[];
  /** By the addresses that inputs have everywhere else. */
  readonly scenes: Named<Scene>;
  /** By scene and address what stands in the file, where a fixture's input is written with a dot. */
  readonly dotted: Named<ReadonlyMap<string, string>>;
  readonly secretUses: readonly SecretUse[];
  /** Every problem, as far as parts are looked at one by one. */
  readonly problems: readonly SiteProblem[];
  /** Whether there is such a thing in the files, right or wrong. */
  isWritten(...path: readonly string[]): boolean;
  namesIn(...path: readonly string[]): readonly string[];
}

const sections = Object.keys(siteFileSchema.shape);

export function readSite(root: string, read: ReadSource, siteDefault: string): ReadSite {
  return new Reader(new SiteSources(root, read)).read(siteDefault);
}

class Reader {
  readonly #sources: SiteSources;
  readonly #problems: SiteProblem[] = [];
  readonly #variables: Variables;
  /** With variables put in. */
  readonly #filled = new Map<string, unknown>();

  constructor(sources: SiteSources) {
    this.#sources = sources;
    this.#variables = new Variables(sources);
    for (const [section, content] of Object.entries(sources.merged))
      if (section !== "variables") this.#filled.set(section, this.#variables.fill(content, [section]));
  }

  read(siteDefault: string): ReadSite {
    const strange = [...this.#filled.keys()].filter((section) => !sections.includes(section));
    for (const section of strange.slice(0, problemsToldMax)) {
      const hint = nearest(section, sections) ?? `there are ${sections.join(", ")}`;
      this.#problems.push(this.#sources.problemAtKey([], section, `"${section}" is unknown here`, hint));
    }
    const isWritten = (...path: readonly string[]): boolean => this.#at(path) !== undefined;
    return {
      sources: this.#sources,
      name: this.#one("site") ?? siteDefault,
      secrets: reads(this.#section("secrets", secretSchema)),
      modes: this.#modes(),
      mode: this.#one("mode"),
      zones: this.#zones(["zones"], this.#filled.get("zones")),
      exhibits: reads(this.#section("exhibits", exhibitSchema)),
      nodes: this.#nodes(),
      groups: this.#groups(),
      routes: this.#routes(),
      ...this.#scenes(),
      secretUses: this.#variables.secrets,
      problems: [...this.#sources.problems, ...this.#variables.problems, ...this.#problems],
      isWritten,
      namesIn: (...path) => keysOf(this.#at(path)),
    };
  }

  #nodes(): Named<ReadNode> {
    const nodes = this.#section("nodes", nodeSchema.nullable());
    return new Map(
      [...nodes].map(([name, { read }]) => {
        const path = ["nodes", name, "instances"];
        const instances = this.#named(path, read?.instances, instanceSchema, instancesMax);
        if (keysOf(read?.instances).length > instancesMax)
          this.#problems.push(this.#sources.problemAt(path, `at most ${instancesMax} instances on a node`));
        const each = [...instances].map(
          ([name, { read, wrong }]) => [name, { written: read, wrong }] as const,
        );
        return [name, { node: read ?? {}, instances: new Map(each) }] as const;
      }),
    );
  }

  #zones(path: Path, written: unknown): Named<ReadZone> {
    const zones = this.#named(path, written, zoneSchema, stopZonesMax + 1);
    return new Map(
      [...zones].map(([name, { read }]) => {
        const inner = this.#zones([...path, name, "zones"], read?.zones ?? {});
        return [name, { zone: read ?? {}, zones: inner }] as const;
      }),
    );
  }

  /** A mode that is wrong is there all the same, and allows nothing. */
  #modes(): Modes {
    const read = reads(this.#section("modes", modeFlags));
    const none = { audience: true, updates: false };
    return Object.fromEntries(keysOf(this.#at(["modes"])).map((name) => [name, read.get(name) ?? none]));
  }

  /** A group that is wrong is there all the same, and empty. */
  #groups(): Groups {
    const read = reads(this.#section("groups", groupSchema));
    return Object.fromEntries(keysOf(this.#at(["groups"])).map((name) => [name, read.get(name) ?? []]));
  }

  /** The same input under both of its names is told at the second one. */
  #scenes(): Pick<ReadSite, "scenes" | "dotted"> {
    const scenes = new Map<string, Scene>();
    const dotted = new Map<string, ReadonlyMap<string, string>>();
    for (const [name, written] of reads(this.#section("scenes", sceneSchema))) {
      const levels = new Map<string, Scene[string]>();
      const keys = new Map<string, string>();
      for (const [key, level] of Object.entries(written)) {
        const address = inputAddressOf(key);
        if (levels.has(address)) {
          const words = `is the same input as "${keys.get(address) ?? address}": leave one of them`;
          this.#problems.push(this.#sources.problemAtKey(["scenes", name], key, words));
        }
        levels.set(address, level);
        if (key !== address) keys.set(address, key);
      }
      scenes.set(name, Object.fromEntries(levels));
      dotted.set(name, keys);
    }
    return { scenes, dotted };
  }

  #routes(): ReadRoute[] {
    const written = this.#filled.get("routes");
    if (!Array.isArray(written)) return [];
    const most = sectionsMax.routes;
    if (written.length > most)
      this.#problems.push(this.#sources.problemAt(["routes", most], `at most ${most} routes`));
    return written.slice(0, most).flatMap((each: unknown, index): ReadRoute[] => {
      const path = ["routes", index];
      const route = this.#checked(path, routeSchema, each);
      return route === undefined ? [] : [{ route: route.read, wrong: route.wrong, path }];
    });
  }

  #one(section: "site" | "mode"): string | undefined {
    const written = this.#filled.get(section);
    if (written === undefined || written === null) return undefined;
    return this.#checked([section], nameField, written)?.read;
  }

  #section<Read>(section: string, schema: z.ZodType<Read>): Map<string, Part<Read>> {
    const written = this.#filled.get(section);
    const most = Object.entries(sectionsMax).find(([each]) => each === section)?.[1] ?? Infinity;
    if (keysOf(written).length > most)
      this.#problems.push(this.#sources.problemAt([section], `at most ${most} in ${section}`));
    return this.#named([section], written, schema, most);
  }

  /** Of more than `most` the first: what is too much has been told, and the rest costs time. */
  #named<Read>(path: Path, written: unknown, schema: z.ZodType<Read>, most: number): Map<string, Part<Read>> {
    const parts = new Map<string, Part<Read>>();
    for (const [name, each] of Object.entries(isMap(written) ? written : {}).slice(0, most)) {
      this.#checkName(path, name);
      const part = this.#checked([...path, name], schema, each);
      if (part !== undefined) parts.set(name, part);
    }
    return parts;
  }

  #checkName(path: Path, name: string): void {
    const [section] = path;
    const tell = (words: string, hint?: string): void =>
      void this.#problems.push(this.#sources.problemAtKey(path, name, words, hint));
    if (section === "nodes" && path.length === 1 && name === "hub")
      tell('"hub" is the hub itself, and no name of a node');
    if (section === "zones" && name === everyZone)
      tell(`"${everyZone}" is the whole site, and no name of a zone`);
    // Secrets have their own names.
    if (section !== "secrets" && !isName(name))
      tell(nameWords, `such as ${nameFrom(name.replaceAll(" ", "-"))}`);
  }

  #checked<Read>(path: Path, schema: z.ZodType<Read>, written: unknown): Part<Read> | undefined {
    const read = readBySchema(this.#sources, path, schema, written);
    if (read.ok) return { read: read.value, wrong: nothingWrong };
    this.#problems.push(...read.error.filter((problem) => !this.#sources.isBroken(problem)));
    return salvage(schema, written);
  }

  #at(path: readonly string[]): unknown {
    const [section = "", ...inside] = path;
    let found = this.#filled.get(section);
    for (const step of inside)
      found = isMap(found) && Object.hasOwn(found, step) ? Reflect.get(found, step) : undefined;
    return found;
  }
}

interface Part<Read> extends Flawed {
  readonly read: Read;
}

const nothingWrong: ReadonlySet<string> = new Set();

const reads = <Read>(parts: ReadonlyMap<string, Part<Read>>): Named<Read> =>
  new Map([...parts].map(([name, { read }]) => [name, read]));

const isMap = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const keysOf = (value: unknown): readonly string[] => (isMap(value) ? Object.keys(value) : []);
