/** The line to a guest: a thread or a process in which instances run, apart from the agent. */
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";

/** What is known of an end, for whoever has to find the mistake. Bounded by whoever writes it. */
export interface Crash {
  /** Where it was, as far as it could say. */
  readonly stack: string;
  /** What it said last, oldest first. */
  readonly lastSaid: readonly string[];
  /** Bytes of memory, when that was looked at last. */
  readonly memory: number | undefined;
}

export interface GuestEnds {
  said(message: FromGuest): void;
  /** It is gone, once and for good; `reason` says why, in words for people. */
  ended(reason: string, crash?: Crash): void;
}

export interface GuestLine {
  /** In order. What a guest that is gone is told goes nowhere. */
  post(message: ToGuest): void;
  /** Ends it at once, whatever it does. It says nothing afterwards, not even that it ended. */
  end(): Promise<void>;
}

export type OpenGuest = (name: string, ends: GuestEnds) => GuestLine;
