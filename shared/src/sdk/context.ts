/** What a running instance is given. */
import type { Clock } from "../kernel/clock.ts";
import type { Random } from "../kernel/random.ts";
import type { Micros } from "../kernel/units.ts";
import type { Quality } from "../wire/entry.ts";
import type { OwnerKind } from "../wire/messages/owners.ts";
import type { ModuleFiles, ModuleMetrics, ModuleNet, ModuleSerial, ModuleStorage } from "./services.ts";
import type { Value } from "../wire/value.ts";

/** What an input shall hold now. */
export interface Applied {
  /** Of the input's declared type, within its declared range. */
  readonly value: Value;
  /** When the reading behind it was taken, by the site's clock. */
  readonly at: Micros;
  readonly owner: OwnerKind;
}

export interface Emission {
  /** When it was measured. Default: now. */
  readonly at?: Micros;
  /** Default: good. */
  readonly quality?: Quality;
}

export interface ModuleLog {
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
  error(message: string, details?: Readonly<Record<string, unknown>>): void;
}

/** Where an instance is. */
export interface ModulePlace {
  /** The instance's name on its node. */
  readonly name: string;
  readonly site: string;
  readonly node: string;
}

export interface ModuleContext extends ModulePlace {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ModuleLog;
  /** What it keeps over restarts. */
  readonly storage: ModuleStorage;
  readonly net: ModuleNet;
  readonly files: ModuleFiles;
  readonly serial: ModuleSerial;
  /** What it measures of itself. */
  readonly metrics: ModuleMetrics;
  /** Aborted when the instance shall stop. */
  readonly signal: AbortSignal;
  /**
   * Gives a value of a declared output. A name that is not declared or a value of another type throws. With the name of an
   * input that declares `released` it says what this is since an earlier life: so it is shown, until anybody sets the input.
   */
  emit(output: string, value: Value, emission?: Emission): void;
  /**
   * Called with every new value for any input, counted ports by their full name (`ch12`).
   * `undefined`: nobody owns the actuator any more. An input with `released` gets that when it is given back. To be called once, in `start`. A promise that the listener gives is
   * waited for, five seconds at most, before another version takes over: what this one took it finishes.
   */
  onInput(listener: (input: string, applied: Applied | undefined) => Promise<void> | void): void;
  /** The instance does what it is for. Clears an earlier `degraded` or `waiting`. */
  running(): void;
  /**
   * It does a part of what it is for, such as one of several lines is away; `reason` says to an installer what is missing.
   * It counts as running all the same: no route of its outputs has lost its source, and no revision is taken back for it.
   */
  degraded(reason: string): void;
  /** It cannot, for now, and goes on trying; `reason` says to an installer what is missing. */
  waiting(reason: string): void;
}
