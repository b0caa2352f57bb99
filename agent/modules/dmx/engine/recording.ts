/** Looks one after the other at a fixed rate, as a table of numbers gives them. */
import { between, type Instant, later, type Millis, millis } from "@interactor/shared/sdk/define-module";
import type { CueListPlace } from "./cue-list.ts";
import { faded, progress } from "./fade.ts";
import type { Playback, Position, Standing } from "./playback.ts";
import { byteOf, wholeOf } from "./wholes.ts";

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
  readonly #place: CueListPlace;
  /** By slot. */
  readonly #columns: ReadonlyMap<number, number>;
  readonly #rows: number;
  #state: State = { kind: "off" };
  #row = 0;
  #pausedAt: Instant | undefined;
  /** A GO says its look anew, also where it is as it was. */
  #isNews = false;

  constructor(settings: RecordingSettings, place: CueListPlace) {
    this.#settings = settings;
    this.#place = place;
    this.#columns = new Map(settings.looks.slots.map((slot, column) => [slot, column]));
    this.#rows = Math.floor(settings.looks.levels.length / Math.max(settings.looks.slots.length, 1));
    place.merge.add(place.source);
  }

  get position(): Position | undefined {
    if (this.#state.kind !== "playing") return undefined;
    const isPaused = this.#pausedAt !== undefined;
    return { cue: this.#secondOf(this.#row), index: this.#row, isPaused };
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
    this.#isNews = true;
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

  standing(at: Instant): Standing | undefined {
    const state = this.#state;
    if (state.kind === "off") return undefined;
    if (state.kind === "leaving") {
      const { from: index, fade, since } = state;
      return { kind: "leaving", cue: this.#secondOf(index), index, from: new Map(), since, fade };
    }
    const passed = this.#passed(state.since, this.#pausedAt ?? at);
    const looks = this.#settings.isLooped ? passed : Math.min(passed, this.#rows - 1);
    const index = looks % this.#rows;
    const since = later(state.since, millis((looks * 1000) / this.#settings.rate));
    return { kind: "on", cue: this.#secondOf(index), index, since, pausedAt: this.#pausedAt };
  }

  restore(standing: Standing): void {
    const { kind, index, since } = standing;
    if (index >= this.#rows || kind === "moving") return;
    this.#row = index;
    if (kind === "on") {
      this.#playFrom(index, since);
      this.#pausedAt = standing.pausedAt;
    } else this.#state = { kind: "leaving", from: index, fade: standing.fade, since };
  }

  advance(now: Instant): readonly number[] {
    const at = this.#pausedAt ?? now;
    const state = this.#state;
    if (state.kind === "off") return [];
    if (state.kind === "playing") {
      this.#row = this.#rowAt(state.since, at);
      return this.#drive(at);
    }
    const share = progress("linear", between(state.since, at), state.fade);
    if (share < 1) return this.#drive(at, 1 - share);
    this.#state = { kind: "off" };
    const { merge, source } = this.#place;
    return this.#settings.looks.slots.filter((slot) => merge.release(source, slot));
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

  #secondOf(row: number): string {
    return `${Math.floor(row / this.#settings.rate)} s`;
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

  /** `left`: how much is left of it while it leaves. */
  #drive(at: Instant, left?: number): readonly number[] {
    const { looks, priority } = this.#settings;
    const { merge, source } = this.#place;
    const isNews = this.#isNews;
    this.#isNews = false;
    return looks.slots.filter((slot) => {
      const level = left === undefined ? this.#recordedAt(slot) : this.#leavingAt(slot, left, at);
      return merge.drive(source, slot, { level, priority, isNews }, at);
    });
  }

  #recordedAt(slot: number): number {
    const { looks } = this.#settings;
    const column = this.#columns.get(slot);
    return column === undefined ? 0 : (looks.levels[this.#row * looks.slots.length + column] ?? 0);
  }

  /** Light goes to what shows beneath, which may move too; where 0 does not mean off, it stays until it is let go. */
  #leavingAt(slot: number, left: number, at: Instant): number {
    const { merge, wholes, stepped, beneath } = this.#place;
    if (merge.isLatest(slot)) return this.#recordedAt(slot);
    if (stepped.has(slot)) return beneath(slot, at);
    const whole = wholes.get(slot);
    if (whole === undefined) return faded(beneath(slot, at), this.#recordedAt(slot), left);
    const level = wholeOf(whole, (each) => this.#recordedAt(each));
    const end = wholeOf(whole, (each) => beneath(each, at));
    return byteOf(faded(end, level, left), whole, slot);
  }
}
