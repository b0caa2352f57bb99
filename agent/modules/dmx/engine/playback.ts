/**
 * What a cue list or a recording is when it runs: it drives a source by the time alone. Asked late it gives what is on
 * by then, not what was missed in between.
 */
import type { Instant } from "@interactor/shared/sdk/define-module";

/** What is on. */
export interface Position {
  /** The cue's name; of a recording the second it is at. */
  readonly cue: string;
  /** Counted from 0. */
  readonly index: number;
  /** It stands still until it is resumed. */
  readonly isPaused: boolean;
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
  /** Stands where an earlier life of the instance stood, without a fade. */
  restore(position: Position, at: Instant): void;
  /** Drives what is on at `at`. Returns the slots that have to be looked at again. */
  advance(at: Instant): readonly number[];
  /** When it has to be advanced next: `at` itself while it moves, `undefined` when it rests. */
  wakeAt(at: Instant): Instant | undefined;
}
