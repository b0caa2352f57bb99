/**
 * What a cue list or a recording is when it runs: it drives a source by the time alone. Asked late it gives what is on
 * by then, not what was missed in between.
 */
import { type Instant, instant, type Millis } from "@interactor/shared/sdk/define-module";

/** What is on. */
export interface Position {
  /** The cue's name; of a recording the second it is at. */
  readonly cue: string;
  /** Counted from 0. */
  readonly index: number;
  /** It stands still until it is resumed. */
  readonly isPaused: boolean;
}

/**
 * Where it stands, for the next life of the instance: with its times, so that a fade goes on with what is left of it and
 * a cue follows when it would have followed.
 */
export type Standing =
  | (Place & Pausable & { readonly kind: "moving"; readonly from: Levels })
  /** `since`: when it came to rest; of a recording, when the look that is on began. */
  | (Place & Pausable & { readonly kind: "on" })
  | (Place & { readonly kind: "leaving"; readonly from: Levels; readonly fade: Millis });

interface Place {
  readonly cue: string;
  readonly index: number;
  /** When it began, or will after its wait. */
  readonly since: Instant;
}

interface Pausable {
  /** Time stands still for it since then. */
  readonly pausedAt?: Instant | undefined;
}

/** By slot, counted from 0. */
export type Levels = ReadonlyMap<number, number>;

/** The same in another life's time, which is `by` ahead. */
export function shifted(standing: Standing, by: number): Standing {
  const since = instant(standing.since + by);
  if (standing.kind === "leaving" || standing.pausedAt === undefined) return { ...standing, since };
  return { ...standing, since, pausedAt: instant(standing.pausedAt + by) };
}

export interface Playback {
  /** `undefined`: it is not on. */
  readonly position: Position | undefined;
  /** What GO plays next; `undefined`: it is at its end. */
  readonly next: string | undefined;
  /** What back plays; `undefined`: there is nothing before. */
  readonly before: string | undefined;
  /**
   * The next step, or the one that is named: by its name, else by its number, counted from 1 (a recording's: by its
   * second). Returns whether there is one. What was paused goes on.
   */
  go(cue: string | undefined, at: Instant): boolean;
  /** The step before. Returns whether there is one. */
  back(at: Instant): boolean;
  /** Time stands still for it. Returns whether it was on and moving. */
  pause(at: Instant): boolean;
  /** Goes on from where it stood, with what was left of fades and waits. Returns whether it was paused. */
  resume(at: Instant): boolean;
  /** Lets go of its slots, in the time that it has for that. */
  release(at: Instant): void;
  /** `undefined`: there is nothing to go on with. */
  standing(at: Instant): Standing | undefined;
  /** Goes on from where an earlier life of the instance stood; a cue that is no more is passed over. */
  restore(standing: Standing): void;
  /** Drives what is on at `at`. Returns the slots that have to be looked at again. */
  advance(at: Instant): readonly number[];
  /** When it has to be advanced next: `at` itself while it moves, `undefined` when it rests. */
  wakeAt(at: Instant): Instant | undefined;
}
