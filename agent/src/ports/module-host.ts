/** Where instances of modules run, shielded from the agent by the host. */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import type { Micros, Millis } from "@interactor/shared/kernel/units";
import type { Applied } from "@interactor/shared/sdk/context";
import type { LoadedCode } from "@interactor/shared/sdk/guest-messages";
import type { Quality } from "@interactor/shared/wire/entry";
import type { Grants } from "@interactor/shared/wire/messages/grants";
import type { ModuleLimits } from "@interactor/shared/wire/messages/module-limits";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { Value } from "@interactor/shared/wire/value";
import type { ProfileWanted } from "./guest-line.ts";

export interface InstanceSpec {
  readonly name: string;
  readonly module: string;
  /** Of the module; `undefined`: the one that comes with this agent, whichever it is. */
  readonly version?: string;
  /** SHA-256 of its bundle; `undefined` or empty: it comes with the agent. */
  readonly digest?: string;
  readonly settings: unknown;
  /** The file of a module that others have written: one ES module, run in a sandbox. Without: one of the agent's own. */
  readonly bundle?: string;
  /**
   * Resolves when its bundle has the bytes of its digest: asked before each start of its guest, also of those that nobody but
   * its host decides. Throws a Fault `BUNDLE_DAMAGED`; then it is fetched again, and a later try may find it whole.
   */
  readonly whole?: () => Promise<void>;
  /** What it may reach through the agent; what does not stand here it may not. */
  readonly grants?: Grants;
  /** What it may use, where that is not as usual. */
  readonly limits?: ModuleLimits;
  /** It ran before what is taken back now: it finds what it kept then. */
  readonly isBack?: boolean;
  /** Whether the node is of no use without it. */
  readonly isCritical?: boolean;
  /** How long an input goes on when the hub is not heard; those without go on for ever. */
  readonly leases?: Readonly<Record<string, Millis>>;
}

export interface ModuleOutput {
  readonly instance: string;
  readonly output: string;
  readonly value: Value;
  readonly at: Micros;
  readonly quality: Quality;
  /** Stamped before the node knew the hub's clock. */
  readonly isUnsynchronised: boolean;
}

export interface ModuleHostEvents {
  /** The settings are right and these are the ports; comes before any output, again after each restart. */
  declared(instance: string, ports: DeclaredPorts, code: LoadedCode): void;
  /** Serves its inputs from now on: what they hold must be applied again. */
  started(instance: string): void;
  /** What `takeOver` was asked for has come: from now on it is this one that is heard, and that declares itself next. */
  tookOver?(instance: InstanceSpec): void;
  output(output: ModuleOutput): void;
  stateChanged(instance: string, report: InstanceReport): void;
  /**
   * It ended too often for starting it again to be of help; `reason` says how it ended last. What may help is what ran
   * before it: the last version that was known to be good.
   */
  escalated?(instance: string, reason: string): void;
  /** A sign of life, about once a second. */
  beat(instance: string): void;
}

/** What is wrong, in words for people; `undefined`: nothing. */
export type Verdict = string | undefined;

/** How one version of an instance takes over from another while both run. */
export interface Succession {
  /** Whether one runs by that name, however it is. */
  has(instance: string): boolean;
  /**
   * Starts what shall take the place of the instance that runs by that name, beside it and with a copy of what it keeps,
   * and tests it. What runs goes on untouched. What is wrong is said, and then nothing is left of it.
   */
  start(instance: InstanceSpec): Promise<Verdict>;
  /**
   * What was started takes over between two messages: what came until now the old one finishes, everything after it is
   * the new one's. When it cannot, that is said, and the old one goes on.
   */
  takeOver(instance: string): Promise<Verdict>;
  /** What was started is not needed. */
  end(instance: string): Promise<void>;
}

export interface ModuleHost extends AsyncDisposable {
  /** What keeps it from running modules as it should, in words for people. */
  readonly problem?: string | undefined;
  /** Starts the instance and keeps it going until it is stopped. */
  start(instance: InstanceSpec): void;
  /**
   * Whether the instance can be started or go on with these settings: its code is there, takes them and has no veto, nor
   * has the instance that runs by that name. Touches nothing.
   */
  prepare(instance: InstanceSpec): Promise<Verdict>;
  /** Whether a running instance does what it is for. One that does not run, or is silent, does not. */
  selfTest(instance: string): Promise<Verdict>;
  /** Gives a running instance other settings, without a break. When it does not take them it goes on with those it has. */
  reconfigure(instance: InstanceSpec): Promise<Verdict>;
  /** A host without it stops one version before it starts the next. */
  readonly beside?: Succession;
  /** Of the guest that the instance runs in, as `GuestLine` says; light modules of the agent share one. */
  profile?(instance: string, wanted: ProfileWanted): AsyncIterable<Uint8Array>;
  /** Ends the instance in good order, or under it when it takes too long. Nothing is heard of it afterwards. `next`: what is started by that name at once. */
  stop(instance: string, next?: InstanceSpec): Promise<void>;
  /** `undefined`: nobody owns the input any more. Without effect while the instance is away. */
  apply(instance: string, input: string, applied: Applied | undefined): void;
}
