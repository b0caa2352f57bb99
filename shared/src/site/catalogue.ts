/** The modules that a site can name: what each version of them declares of its settings, its ports and its needs. */
import * as z from "zod";
import {
  type DeclaredPorts,
  declaredPorts,
  type Manifest,
  type Need,
  needsOf,
  overlaps,
} from "../bundle/manifest.ts";
import { parseVersionRange } from "../bundle/version-range.ts";
import { failed, ok, type Result } from "../kernel/result.ts";
import type { ModuleLimits } from "../wire/messages/module-limits.ts";
import { brokenChoices, choiceWords, withoutChoices } from "./needed-choices.ts";
import { readBySchema, type Places } from "./schema-problems.ts";
import type { Path, Problem } from "./yaml-text.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What is known of a module without running any of its code. */
export interface ModuleDeclaration {
  readonly manifest: Manifest;
  /** Its settings as people write them. */
  readonly settings: JsonSchema;
  /** What a node installs to run it; missing: every agent has it. */
  readonly bundle?: Bundle;
}

export interface Bundle {
  /** SHA-256 in hex. */
  readonly digest: string;
  readonly bytes: number;
}

export interface Catalogue {
  /** Ids, in the order of the alphabet. */
  readonly modules: readonly string[];
  versionsOf(module: string): readonly string[];
  /** The settings with their defaults, or what is wrong with them. `path` is where they stand. */
  readSettings<Told extends Problem>(
    places: Places<Told>,
    path: Path,
    module: ModuleVersion,
    settings: unknown,
  ): Result<unknown, readonly Told[]>;
  /** Of an instance with these settings, which have been read. Fails with words for people. */
  portsOf(module: ModuleVersion, settings: unknown): Result<DeclaredPorts, string>;
  /** Whether its ports are the same whatever the settings. */
  hasFixedPorts(module: ModuleVersion): boolean;
  needsOf(module: ModuleVersion, settings: unknown): readonly Need[];
  /** Whether an instance takes new settings while it runs. */
  takesSettings(module: ModuleVersion): boolean;
  /** Whether another version of an instance may run beside it for a moment. */
  overlaps(module: ModuleVersion): boolean;
  /** The setting that its fixtures become inputs in; `undefined`: it has none. */
  fixturesInto(module: ModuleVersion): string | undefined;
  /** Versions that were published once, and are not any more. */
  withdrawnOf(module: string): readonly WithdrawnVersion[];
  requiresOf(module: ModuleVersion): Readonly<Record<string, string>>;
  /** The versions of Interactor that it is written for; `undefined`: it does not say. */
  enginesOf(module: ModuleVersion): string | undefined;
  /** Of this Interactor; `undefined`: it is not known, and every module is for it. */
  readonly interactor: string | undefined;
  isForThis(module: ModuleVersion): boolean;
  /** What it uses more of than is usual, or less. */
  limitsOf(module: ModuleVersion): ModuleLimits;
  /** `undefined`: every agent has it. */
  bundleOf(module: ModuleVersion): Bundle | undefined;
}

export interface ModuleVersion {
  readonly module: string;
  readonly version: string;
}

export interface WithdrawnVersion extends ModuleVersion {
  /** In words. */
  readonly why: string;
}

interface Declared {
  readonly manifest: Manifest;
  /** Made when it is first needed. */
  schema: z.ZodType | undefined;
  readonly settings: JsonSchema;
  readonly bundle: Bundle | undefined;
}

export class DeclaredModules implements Catalogue {
  readonly modules: readonly string[];
  readonly interactor: string | undefined;
  readonly #withdrawn: readonly WithdrawnVersion[];
  readonly #declared = new Map<string, Map<string, Declared>>();

  constructor(
    declarations: readonly ModuleDeclaration[],
    interactor?: string,
    withdrawn: readonly WithdrawnVersion[] = [],
  ) {
    this.interactor = interactor;
    this.#withdrawn = withdrawn;
    for (const { manifest, settings, bundle } of declarations) {
      const versions = this.#declared.get(manifest.id) ?? new Map<string, Declared>();
      this.#declared.set(
        manifest.id,
        versions.set(manifest.version, { manifest, settings, bundle, schema: undefined }),
      );
    }
    this.modules = [...this.#declared.keys()].toSorted();
  }

  versionsOf(module: string): readonly string[] {
    return [...(this.#declared.get(module)?.keys() ?? [])];
  }

  readSettings<Told extends Problem>(
    places: Places<Told>,
    path: Path,
    module: ModuleVersion,
    settings: unknown,
  ): Result<unknown, readonly Told[]> {
    const declared = this.#find(module);
    if (declared === undefined) return ok(settings);
    declared.schema ??= schemaOf(declared);
    const read = readBySchema<unknown, Told>(places, path, declared.schema, settings);
    const broken = brokenChoices(declared.settings, settings).map((each) =>
      places.problemAt([...path, ...each.path], choiceWords(each.names)),
    );
    return broken.length === 0 ? read : failed([...(read.ok ? [] : read.error), ...broken]);
  }

  portsOf(module: ModuleVersion, settings: unknown): Result<DeclaredPorts, string> {
    const declared = this.#find(module);
    return declared === undefined
      ? failed(`there is no ${module.module} ${module.version}`)
      : declaredPorts(declared.manifest, settings);
  }

  hasFixedPorts(module: ModuleVersion): boolean {
    const manifest = this.#find(module)?.manifest;
    return manifest?.inputsFrom === undefined && manifest?.outputsFrom === undefined;
  }

  needsOf(module: ModuleVersion, settings: unknown): readonly Need[] {
    const declared = this.#find(module);
    return declared === undefined ? [] : needsOf(declared.manifest, settings);
  }

  takesSettings(module: ModuleVersion): boolean {
    return this.#find(module)?.manifest.takesSettings === true;
  }

  overlaps(module: ModuleVersion): boolean {
    const manifest = this.#find(module)?.manifest;
    return manifest !== undefined && overlaps(manifest);
  }

  fixturesInto(module: ModuleVersion): string | undefined {
    return this.#find(module)?.manifest.fixturesInto;
  }

  withdrawnOf(module: string): readonly WithdrawnVersion[] {
    return this.#withdrawn.filter((each) => each.module === module);
  }

  requiresOf(module: ModuleVersion): Readonly<Record<string, string>> {
    return this.#find(module)?.manifest.requires ?? {};
  }

  enginesOf(module: ModuleVersion): string | undefined {
    return this.#find(module)?.manifest.engines?.interactor;
  }

  isForThis(module: ModuleVersion): boolean {
    const engines = this.enginesOf(module);
    if (engines === undefined || this.interactor === undefined) return true;
    const range = parseVersionRange(engines);
    return range.ok && range.value.has(this.interactor);
  }

  limitsOf(module: ModuleVersion): ModuleLimits {
    return this.#find(module)?.manifest.limits ?? {};
  }

  bundleOf(module: ModuleVersion): Bundle | undefined {
    return this.#find(module)?.bundle;
  }

  #find({ module, version }: ModuleVersion): Declared | undefined {
    return this.#declared.get(module)?.get(version);
  }
}

/** What somebody else declares may be no schema at all: then no settings are right. */
function schemaOf({ settings, manifest }: Declared): z.ZodType {
  try {
    return z.fromJSONSchema({ ...withoutChoices(settings) });
  } catch {
    return z.never({ error: `${manifest.id} ${manifest.version} does not say what its settings are like` });
  }
}
