/**
 * What a module's author needs: `import { defineModule } from "@interactor/shared/sdk/define-module"`, and for settings
 * `import * as z from "@interactor/shared/sdk/schemas"`.
 */
import type * as z from "zod/mini";
import type { Manifest } from "../bundle/manifest.ts";
import type { ModuleContext, ModulePlace } from "./context.ts";
import type { ModuleStorage } from "./services.ts";

export type { Manifest } from "../bundle/manifest.ts";
export type { InputSpec, OutputSpec } from "../wire/messages/port.ts";
export type { Applied, Emission, ModuleContext, ModuleLog, ModulePlace } from "./context.ts";
export type { Quality } from "../wire/entry.ts";
export type { Value } from "../wire/value.ts";
export type { Clock } from "../kernel/clock.ts";
export type { Random } from "../kernel/random.ts";
export type {
  HostAddress,
  ModuleConnection,
  ModuleFiles,
  ModuleMetrics,
  ModuleNet,
  ModuleSerial,
  BoardFirmware,
  BoardKind,
  ModuleStorage,
  SerialLine,
  SerialSettings,
} from "./services.ts";
export { quality } from "../wire/entry.ts";
export { deliveries, inputSpec, outputSpec } from "../wire/messages/port.ts";
export { unreachable } from "../kernel/assert.ts";
export { messageOf } from "../kernel/fault.ts";
export { failed, ok, type Result } from "../kernel/result.ts";
export { seededRandom } from "../kernel/random.ts";
export { retryDelays } from "../supervision/backoff.ts";
export * from "../kernel/units.ts";

/** What is wrong, in words for an installer; `undefined`: nothing. */
export type Verdict = string | undefined;

/** A running instance. What it does not have is as if it had nothing to say. */
export interface Instance<Settings = unknown> {
  /**
   * Ends the instance: outputs leave in good order (a DMX source says so), lines are closed.
   * Takes at most `stopTimeout`; after that the worker is ended under it.
   * `next`: it starts again at once, with these settings. What it stays for those that it serves does not take leave.
   */
  stop(next?: Settings): Promise<void>;
  /** Whether it does what it is for. Asked after a change, which is taken back when something is wrong. */
  selfTest?(): Promise<Verdict> | Verdict;
  /**
   * Asked before it is given other settings or restarted with them, while it runs on: a veto says why not now, such as
   * a lift that moves. Touches nothing.
   */
  prepare?(settings: Settings): Promise<Verdict> | Verdict;
  /**
   * Goes on with other settings, without a break. Only of a module whose manifest says `takesSettings`; throws when it
   * cannot, and has then changed nothing.
   */
  takeSettings?(settings: Settings): Promise<void> | void;
}

export interface ModuleDefinition<Settings> {
  readonly manifest: Manifest;
  /** What the settings must look like; parsed with defaults filled in before `start`. */
  readonly settings: z.ZodMiniType<Settings>;
  /**
   * Starts one instance. Resolves once it serves its inputs; what is away at that time (an unplugged
   * line) is not a reason to fail: say `context.waiting(…)`, or `degraded` while the rest works, and go on trying. Throws only when these
   * settings can never work.
   */
  start(settings: Settings, context: ModuleContext): Promise<Instance<Settings>> | Instance<Settings>;
  /**
   * Asked before anything of a change is begun, on the node it is for: a veto says why these settings cannot work there,
   * such as a line that is not plugged in. Touches nothing; there may be no instance yet.
   */
  prepare?(settings: Settings, place: ModulePlace): Promise<Verdict> | Verdict;
  /**
   * Brings what an instance keeps from an earlier (or later) version of the module to this one, before `start`. Without it
   * the storage is found as it was left. What throws leaves the instance failed, and is tried again with it.
   */
  migrate?(storage: ModuleStorage, from: string): Promise<void> | void;
}

/** Declares a module. Types of the settings follow from the schema. */
export function defineModule<Settings>(definition: ModuleDefinition<Settings>): ModuleDefinition<Settings> {
  return definition;
}

export function defineManifest<const Declared extends Manifest>(manifest: Declared): Declared {
  return manifest;
}
