/** What only a sandbox is told, beside what every guest is. */
import type { FromGuest, ToGuest } from "@interactor/shared/sdk/guest-messages";

export interface SetUp {
  readonly site: string;
  readonly node: string;
  /** Of the guest, for people. */
  readonly name: string;
  /** How far the site's clock is ahead of the monotonic one, in µs; 0: unknown. */
  readonly ahead: number;
}

export type ToSandbox =
  /** Comes first. */
  | readonly [kind: "set-up", setUp: SetUp]
  | readonly [kind: "clock", ahead: number]
  /** Where its time goes over so many ms: answered by `profiled`, in parts. */
  | readonly [kind: "profile", span: number]
  | Exclude<ToGuest, { readonly 0: "inputs" }>
  /** `null` for an input that nobody owns any more. */
  | readonly [kind: "inputs", changes: readonly (readonly [string, string, unknown])[]];

export type FromSandbox =
  | FromGuest
  /** A part of the profile it was asked for; `null`: that was all. */
  | readonly [kind: "profiled", part: string | null];
