/** A module whatever its settings are: parse, start and veto are bound together where their type is known. */
import { type DeclaredPorts, declaredPorts } from "../bundle/manifest.ts";
import { Fault } from "../kernel/fault.ts";
import type { ModuleContext, ModulePlace } from "./context.ts";
import type { Instance, ModuleDefinition, Verdict } from "./define-module.ts";
import type { ModuleStorage } from "./services.ts";
import type { LoadedCode } from "./guest-messages.ts";

export interface LoadedModule {
  /** Throws a Fault with words for an installer when the settings are wrong. */
  prepare(settings: unknown): Prepared;
}

/** The settings are right: these are the ports, and this starts it. */
export interface Prepared {
  readonly ports: DeclaredPorts;
  readonly code: LoadedCode;
  /** With defaults filled in. */
  readonly settings: unknown;
  start(context: ModuleContext): Promise<Instance> | Instance;
  veto(place: ModulePlace): Promise<Verdict> | Verdict;
  readonly migrate: ((storage: ModuleStorage, from: string) => Promise<void> | void) | undefined;
}

export type ModuleLoader = (module: string) => Promise<LoadedModule>;

export function loaded<Settings>(definition: ModuleDefinition<Settings>): LoadedModule {
  return {
    prepare(given) {
      const parsed = definition.settings.safeParse(given);
      if (!parsed.success) {
        const problems = parsed.error.issues.map(
          (issue) => `${["settings", ...issue.path].join(".")}: ${issue.message}`,
        );
        throw new Fault("SETTINGS_INVALID", problems.join("; "));
      }
      const settings = parsed.data;
      const ports = declaredPorts(definition.manifest, settings);
      if (!ports.ok) throw new Fault("SETTINGS_INVALID", ports.error);
      return {
        ports: ports.value,
        code: { module: definition.manifest.id, version: definition.manifest.version },
        settings,
        start: (context) => definition.start(settings, context),
        veto: (place) => definition.prepare?.(settings, place),
        migrate: definition.migrate?.bind(definition),
      };
    },
  };
}
