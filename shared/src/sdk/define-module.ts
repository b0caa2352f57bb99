/** All that a module's author needs: `import { defineModule, z } from "@interactor/shared/sdk/define-module"`. */
import * as z from "zod/mini";
import type { Manifest } from "../bundle/manifest.ts";
import type { ModuleContext } from "./context.ts";

export { z };
export type { Manifest } from "../bundle/manifest.ts";
export type { InputSpec, OutputSpec } from "../wire/messages/port.ts";
export type { Applied, Emission, ModuleContext, ModuleLog } from "./context.ts";
export type { Quality } from "../wire/entry.ts";
export type { Value } from "../wire/value.ts";
export type { Clock } from "../kernel/clock.ts";
export type { Random } from "../kernel/random.ts";
export { quality } from "../wire/entry.ts";
export { deliveries, inputSpec, outputSpec } from "../wire/messages/port.ts";
export { unreachable } from "../kernel/assert.ts";
export { messageOf } from "../kernel/fault.ts";
export { failed, ok, type Result } from "../kernel/result.ts";
export { seededRandom } from "../kernel/random.ts";
export { retryDelays } from "../supervision/backoff.ts";
export * from "../kernel/units.ts";

/** A running instance. */
export interface Instance {
  /**
   * Ends the instance: outputs leave in good order (a DMX source says so), lines are closed.
   * Takes at most `stopTimeout`; after that the worker is ended under it.
   */
  stop(): Promise<void>;
}

export interface ModuleDefinition<Settings> {
  readonly manifest: Manifest;
  /** What the settings must look like; parsed with defaults filled in before `start`. */
  readonly settings: z.ZodMiniType<Settings>;
  /**
   * Starts one instance. Resolves once it serves its inputs; what is away at that time (an unplugged
   * line) is not a reason to fail: say `context.waiting(…)` and go on trying. Throws only when these
   * settings can never work.
   */
  start(settings: Settings, context: ModuleContext): Promise<Instance> | Instance;
}

/** Declares a module. Types of the settings follow from the schema. */
export function defineModule<Settings>(definition: ModuleDefinition<Settings>): ModuleDefinition<Settings> {
  return definition;
}

export function defineManifest<const Declared extends Manifest>(manifest: Declared): Declared {
  return manifest;
}
