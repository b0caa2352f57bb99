/** The line to a guest: a thread or a process in which instances run, apart from the agent. */
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";
import type { CrashCause } from "@interactor/shared/wire/messages/crash";

/** What is known of an end, for whoever has to find the mistake. Bounded by whoever writes it. */
export interface GuestEnd {
  readonly cause: CrashCause;
  /** Where it was, as far as it could say. */
  readonly stack?: string;
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
  /** Bytes of memory, when that was looked at last. */
  readonly memory?: number | undefined;
  /** Of all it did, in milliseconds of processor time. */
  readonly cpuMs?: number | undefined;
}

export interface GuestEnds {
  said(message: FromGuest): void;
  /** It is gone, once and for good; `reason` says why, in words for people. Without `end` it never began. */
  ended(reason: string, end?: GuestEnd): void;
}

export interface GuestLine {
  /** In order. What a guest that is gone is told goes nowhere. */
  post(message: ToGuest): void;
  /** Ends it at once, whatever it does. It says nothing afterwards, not even that it ended. */
  end(): Promise<void>;
  /** What it uses, when that was looked at last. */
  readonly usage?: Pick<GuestEnd, "memory" | "cpuMs">;
}

export type OpenGuest = (name: string, ends: GuestEnds) => GuestLine;
