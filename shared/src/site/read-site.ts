/**
 * Reads the files of a site part by part, so that what is wrong with one says nothing against the others. Parts that
 * are wrong are left out of what is read; that they are there is remembered, and nobody is told they are missing.
 */
import type * as z from "zod";
import { nearest } from "../kernel/nearest.ts";
import { isName } from "../wire/names.ts";
import { nameWords, routeSchema, type WrittenRoute } from "./route-schema.ts";
import { type Groups, groupsField } from "./route-target.ts";
import { readBySchema } from "./schema-problems.ts";
import type { SiteProblem } from "./site-problem.ts";
import {
  exhibitSchema,
  instanceSchema,
  modeField,
  modesField,
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
import { instancesMax } from "../wire/limits.ts";
import { SiteSources, type ReadSource } from "./site-sources.ts";
import { type SecretUse, Variables } from "./variables.ts";
import type { Path } from "./yaml-text.ts";

export type Named<Part> = ReadonlyMap<string, Part>;
export type Modes = z.infer<typeof modesField>;
export type Exhibit = z.infer<typeof exhibitSchema>;
export type Secret = z.infer<typeof secretSchema>;
export type Scene = z.infer<typeof sceneSchema>;

export interface ReadNode {
  readonly node: WrittenNode;
  readonly instances: Named<WrittenInstance>;
}

export interface ReadRoute {
  readonly route: WrittenRoute;
  readonly path: Path;
}

export interface ReadSite {
  readonly sources: SiteSources;
  readonly name: string;
  readonly secrets: Named<Secret>;
  readonly modes: Modes;
  readonly mode: string | undefined;
  readonly zones: Named<WrittenZone | null>;
  readonly exhibits: Named<Exhibit>;
  readonly nodes: Named<ReadNode>;
  readonly groups: Groups;
  readonly routes: readonly ReadRoute[];
  readonly scenes: Named<Scene>;
  readonly secretUses: readonly SecretUse[];
  /** Every problem, as far as parts are looked at one by one. */
  readonly problems: SiteProblem[];
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
    for (const section of this.#filled.keys()) {
      if (sections.includes(section)) continue;
      const hint = nearest(section, sections) ?? `there are ${sections.join(", ")}`;
      this.#problems.push(this.#sources.problemAtKey([], section, `"${section}" is unknown here`, hint));
    }
    const nodes = this.#parts("nodes", nodeSchema.nullable());
    return {
      sources: this.#sources,
      name: this.#one("site", modeField) ?? siteDefault,
      secrets: this.#parts("secrets", secretSchema),
      modes: this.#one("modes", modesField) ?? {},
      mode: this.#one("mode", modeField),
      zones: this.#parts("zones", zoneSchema),
      exhibits: this.#parts("exhibits", exhibitSchema),
      nodes: new Map([...nodes].map(([name, node]) => [name, this.#node(name, node ?? {})])),
      groups: this.#one("groups", groupsField) ?? {},
      routes: this.#routes(),
      scenes: this.#parts("scenes", sceneSchema),
      secretUses: this.#variables.secrets,
      problems: [...this.#sources.problems, ...this.#variables.problems, ...this.#problems],
      isWritten: (...path) => this.#at(path) !== undefined,
      namesIn: (...path) => keysOf(this.#at(path)),
    };
  }

  #node(name: string, node: WrittenNode): ReadNode {
    const instances = this.#named(["nodes", name, "instances"], node.instances ?? {}, instanceSchema);
    if (instances.size > instancesMax)
      this.#problems.push(
        this.#sources.problemAt(["nodes", name, "instances"], `at most ${instancesMax} instances on a node`),
      );
    return { node, instances };
  }

  #routes(): ReadRoute[] {
    const written = this.#filled.get("routes");
    if (!Array.isArray(written)) return [];
    if (written.length > sectionsMax.routes)
      this.#problems.push(this.#sources.problemAt(["routes", sectionsMax.routes], `at most ${sectionsMax.routes} routes`));
    return written.slice(0, sectionsMax.routes).flatMap((each: unknown, index) => {
      const route = this.#checked(["routes", index], routeSchema, each);
      return route === undefined ? [] : [{ route, path: ["routes", index] }];
    });
  }

  #one<Read>(section: string, schema: z.ZodType<Read>): Read | undefined {
    const written = this.#filled.get(section);
    return written === undefined || written === null ? undefined : this.#checked([section], schema, written);
  }

  #parts<Read>(section: string, schema: z.ZodType<Read>): Map<string, Read> {
    const written = this.#filled.get(section);
    const most = Object.entries(sectionsMax).find(([each]) => each === section)?.[1] ?? Infinity;
    if (keysOf(written).length > most)
      this.#problems.push(this.#sources.problemAt([section], `at most ${most} in ${section}`));
    return this.#named([section], written ?? {}, schema);
  }

  #named<Read>(path: Path, written: object, schema: z.ZodType<Read>): Map<string, Read> {
    const parts = new Map<string, Read>();
    for (const [name, each] of Object.entries(written)) {
      const isOurs = path.length === 1 && path[0] === "nodes" && name === "hub";
      if (isOurs || !(isName(name) || path[0] === "secrets")) {
        const words = isOurs ? '"hub" is the hub itself, and no name of a node' : nameWords;
        this.#problems.push(this.#sources.problemAtKey(path, name, words));
      }
      const part = this.#checked([...path, name], schema, each);
      if (part !== undefined) parts.set(name, part);
    }
    return parts;
  }

  #checked<Read>(path: Path, schema: z.ZodType<Read>, written: unknown): Read | undefined {
    const read = readBySchema(this.#sources, path, schema, written);
    if (read.ok) return read.value;
    this.#problems.push(...read.error);
    return undefined;
  }

  #at(path: readonly string[]): unknown {
    const [section = "", ...inside] = path;
    let found = this.#filled.get(section);
    for (const step of inside)
      found = isMap(found) && Object.hasOwn(found, step) ? Reflect.get(found, step) : undefined;
    return found;
  }
}

const isMap = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
const keysOf = (value: unknown): readonly string[] => (isMap(value) ? Object.keys(value) : []);
