/** Looks one after the other at a fixed rate, as a table of numbers gives them. */
import { between, type Instant, later, type Millis, millis } from "@interactor/shared/sdk/define-module";
import { faded, progress } from "./fade.ts";
import type { Merge } from "./merge.ts";
import type { Playback, Position } from "./playback.ts";
import type { Source } from "./source.ts";

export interface RecordedLooks {
  /** The slot of each column, counted from 0. */
  readonly slots: readonly number[];
  /** Row after row, a level for each column. */
  readonly levels: Uint8Array;
}

export interface RecordingSettings {
  readonly looks: RecordedLooks;
  /** Looks a second. */
  readonly rate: number;
  readonly priority: number;
  /** How long its slots take to leave. */
  readonly release: Millis;
  readonly isLooped: boolean;
}

type State =
  | { readonly kind: "off" }
  | { readonly kind: "playing"; readonly since: Instant }
  | { readonly kind: "leaving"; readonly from: number; readonly fade: Millis; readonly since: Instant };

/** It has no names, only a time. */
const beginning = "0 s";

export class Recording implements Playback {
  readonly #settings: RecordingSettings;
  readonly #source: Source;
  readonly #merge: Merge;
  readonly #rows: number;
  #state: State = { kind: "off" };
  #row = 0;
  #pausedAt: Instant | undefined;

  constructor(settings: RecordingSettings, source: Source, merge: Merge) {
    this.#settings = settings;
    this.#source = source;
    this.#merge = merge;
    this.#rows = Math.floor(settings.looks.levels.length / Math.max(settings.looks.slots.length, 1));
    merge.add(source);
  }

  get position(): Position | undefined {
    if (this.#state.kind !== "playing") return undefined;
    const isPaused = this.#pausedAt !== undefined;
    return { cue: `${Math.floor(this.#row / this.#settings.rate)} s`, index: this.#row, isPaused };
  }

  get next(): string {
    return beginning;
  }

  get before(): string | undefined {
    return this.#state.kind === "playing" ? beginning : undefined;
  }

  /** From the beginning, or from a second of it: there are no names. */
  go(cue: string | undefined, at: Instant): boolean {
    const second = cue === undefined ? 0 : /^\d+(\.\d+)?$/.test(cue) ? Number(cue) : Number.NaN;
    const row = Math.floor(second * this.#settings.rate + 1e-6);
    if (!(row < this.#rows)) return false;
    this.#playFrom(row, at);
    return true;
  }

  back(at: Instant): boolean {
    return this.#state.kind === "playing" && this.go(undefined, at);
  }

  pause(at: Instant): boolean {
    if (this.#state.kind !== "playing" || this.#pausedAt !== undefined) return false;
    this.#pausedAt = at;
    return true;
  }

  resume(at: Instant): boolean {
    if (this.#pausedAt === undefined || this.#state.kind !== "playing") return false;
    const { since } = this.#state;
    this.#state = { kind: "playing", since: later(since, millis(between(this.#pausedAt, at))) };
    this.#pausedAt = undefined;
    return true;
  }

  release(at: Instant): void {
    if (this.#state.kind === "off") return;
    this.#pausedAt = undefined;
    this.#state = { kind: "leaving", from: this.#row, fade: this.#settings.release, since: at };
  }

  restore({ index, isPaused }: Position, at: Instant): void {
    if (index >= this.#rows) return;
    this.#playFrom(index, at);
    if (isPaused) this.#pausedAt = at;
  }

  advance(now: Instant): readonly number[] {
    const at = this.#pausedAt ?? now;
    const state = this.#state;
    if (state.kind === "off") return [];
    if (state.kind === "playing") {
      this.#row = this.#rowAt(state.since, at);
      return this.#drive(1, at);
    }
    const share = progress("linear", between(state.since, at), state.fade);
    if (share < 1) return this.#drive(1 - share, at);
    this.#state = { kind: "off" };
    return this.#settings.looks.slots.filter((slot) => this.#merge.release(this.#source, slot));
  }

  wakeAt(at: Instant): Instant | undefined {
    const state = this.#state;
    if (state.kind === "off" || this.#pausedAt !== undefined) return undefined;
    if (state.kind === "leaving") return at;
    const isAtEnd = !this.#settings.isLooped && this.#row >= this.#rows - 1;
    if (isAtEnd) return undefined;
    return later(state.since, millis(((this.#passed(state.since, at) + 1) * 1000) / this.#settings.rate));
  }

  #playFrom(row: number, at: Instant): void {
    this.#pausedAt = undefined;
    this.#state = { kind: "playing", since: later(at, millis((-row * 1000) / this.#settings.rate)) };
  }

  /** The last one stays when it is over. */
  #rowAt(since: Instant, at: Instant): number {
    const row = this.#passed(since, at);
    return this.#settings.isLooped ? row % this.#rows : Math.min(row, this.#rows - 1);
  }

  /** A look is on from its very instant, which division may put a hair's breadth before itself. */
  #passed(since: Instant, at: Instant): number {
    return Math.floor((between(since, at) * this.#settings.rate) / 1000 + 1e-6);
  }

  #drive(share: number, at: Instant): readonly number[] {
    const { looks, priority } = this.#settings;
    const start = this.#row * looks.slots.length;
    return looks.slots.filter((slot, column) => {
      const level = faded(0, looks.levels[start + column] ?? 0, share);
      return this.#merge.drive(this.#source, slot, { level, priority }, at);
    });
  }
}
