/** The line to a guest: a thread or a process in which instances run, apart from the agent. */
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";

export interface GuestEnds {
  said(message: FromGuest): void;
  /** It is gone, once and for good; `reason` says why, in words for people. */
  ended(reason: string): void;
}

export interface GuestLine {
  /** In order. What a guest that is gone is told goes nowhere. */
  post(message: ToGuest): void;
  /** Ends it at once, whatever it does. It says nothing afterwards, not even that it ended. */
  end(): Promise<void>;
}

export type OpenGuest = (name: string, ends: GuestEnds) => GuestLine;
