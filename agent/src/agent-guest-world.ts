/** What a guest of the agent is, and what its keeper is given and tells. */
import type { Clock } from "@interactor/shared/kernel/clock";
import type { Millis } from "@interactor/shared/kernel/units";
import type { InstanceMetrics } from "@interactor/shared/wire/messages/measured";
import type { Death } from "./core/crashes/crash-book.ts";
import type { Logged } from "./core/log/listened-log.ts";
import type { OpenGuest } from "./ports/guest-line.ts";
import type { Log } from "./ports/log.ts";
import type { ModuleHostEvents } from "./ports/module-host.ts";
import type { ModuleServices } from "./ports/module-services.ts";

/** Where an instance runs: those of one name share a guest. */
export interface GuestPlace {
  readonly name: string;
  readonly kind: "worker" | "sandbox";
  readonly open: OpenGuest;
  /** How long it may take over one thing without an answer. More: it hangs, is ended and started again. */
  readonly silenceMax?: Millis | undefined;
}

export interface GuestKeeping {
  readonly clock: Clock;
  readonly services: ModuleServices;
  readonly log: Log;
  /** It is gone. Returns what its supervisor has to say to that, in words for people. */
  readonly died: (guest: string, reason: string) => string;
  /** It could not begin, which is no end of it: it is to be tried again. */
  readonly refused: (guest: string) => void;
  /** A reason as it may be told: a guest that dies may do so with a secret on its lips. By default as it is. */
  readonly tellable?: ((reason: string) => string) | undefined;
  /** A text of a module without what is secret. */
  readonly without?: ((text: string) => string) | undefined;
  /** What is known of an end that nobody wanted, or of a start that failed. */
  readonly crashed?: ((death: Death) => void) | undefined;
  /** What an instance logs, beside `log`. */
  readonly logged?: ((line: Logged) => void) | undefined;
  /** What an instance measures of itself; `undefined`: it is here no more. */
  readonly measured?: ((instance: string, metrics: InstanceMetrics | undefined) => void) | undefined;
}

/** Of runs, by their names. */
export type GuestEvents = Omit<ModuleHostEvents, "tookOver" | "escalated">;
