/** The line to a guest: a thread or a process in which instances run, apart from the agent. */
import type { Millis } from "@interactor/shared/kernel/units";
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";
import type { CrashCause } from "@interactor/shared/wire/messages/crash";
import type { Profiled } from "@interactor/shared/wire/messages/profile";

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
  /**
   * It is gone, once and for good; `reason` says why, in words for people. Without `end` it never began, for no fault of its
   * module: it may another time.
   */
  ended(reason: string, end?: GuestEnd): void;
}

/** What is to be known of a running guest, and over which time. */
export interface ProfileWanted {
  readonly what: Profiled;
  readonly span: Millis;
}

export interface GuestLine {
  /**
   * A file that Chrome's DevTools open, in pieces. Made by whoever runs the guest: a module has no hand in it. Faults
   * `PROFILE_NOT_HERE`, `PROFILE_TOO_LARGE`, `PROFILE_BUSY` and `PROFILE_FAILED` (it ended meanwhile).
   */
  profile?(wanted: ProfileWanted): AsyncIterable<Uint8Array>;
  /**
   * Where it is, of one that hangs, as a stack; empty: it does not say within a moment. Asked by V8's own means, for the
   * module does nothing any more. It may end of it, and is of no use afterwards.
   */
  hangsAt?(): Promise<string>;
  /** In order. What a guest that is gone is told goes nowhere. */
  post(message: ToGuest): void;
  /** Ends it at once, whatever it does. It says nothing afterwards, not even that it ended. */
  end(): Promise<void>;
  /** What it uses, when that was looked at last. */
  readonly usage?: Pick<GuestEnd, "memory" | "cpuMs">;
}

export type OpenGuest = (name: string, ends: GuestEnds) => GuestLine;
