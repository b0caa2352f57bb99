/**
 * Steps that are fired by GO, by their names or by the step before. A cue changes the slots that it names and leaves
 * the others where the cues before have put them (tracking), so the look of a cue follows from its place in the list
 * alone: whoever jumps there or starts again sees the same as who played up to it. The scenes of a universe are such
 * a list too, without tracking: each is a look by itself.
 */
import { between, type Instant, later, type Millis, millis } from "@interactor/shared/sdk/define-module";
import { type Curve, faded, progress } from "./fade.ts";
import type { Merge } from "./merge.ts";
import type { Playback, Position } from "./playback.ts";
import type { Source } from "./source.ts";
import { byteOf, wholeOf, type Wholes } from "./wholes.ts";

/** By slot, counted from 0. */
export type Levels = ReadonlyMap<number, number>;

export interface Cue {
  readonly name: string;
  readonly levels: Levels;
  /** How long after its GO it begins to move. */
  readonly wait: Millis;
  /** How long levels take that rise, and those that fall. */
  readonly up: Millis;
  readonly down: Millis;
  readonly curve: Curve;
  /** The next cue goes by itself this long after this one's fade; `undefined`: it waits for GO. */
  readonly follow: Millis | undefined;
  /** Of the list where it says nothing: how it stands among sources, and how long it takes to leave. */
  readonly priority?: number;
  readonly release?: Millis;
}

export interface CueListSettings {
  readonly cues: readonly Cue[];
  readonly priority: number;
  /** How long its slots take to leave. */
  readonly release: Millis;
  /** The first cue comes after the last. */
  readonly isLooped: boolean;
  readonly isTracking: boolean;
}

interface Move {
  readonly from: Levels;
  /** `undefined`: the slot is let go at the end. */
  readonly to: Levels | undefined;
  readonly up: Millis;
  readonly down: Millis;
  readonly curve: Curve;
  /** Before it everything stays as it is. */
  readonly since: Instant;
}

type State =
  | { readonly kind: "off" }
  | { readonly kind: "leaving"; readonly move: Move }
  | { readonly kind: "moving"; readonly index: number; readonly move: Move }
  | { readonly kind: "resting"; readonly index: number; readonly followAt: Instant | undefined };

export interface CueListPlace {
  readonly source: Source;
  readonly merge: Merge;
  readonly wholes: Wholes;
}

export class CueList implements Playback {
  readonly #settings: CueListSettings;
  readonly #source: Source;
  readonly #merge: Merge;
  readonly #wholes: Wholes;
  /** All slots that any cue names, and what each cue has on which of them. */
  readonly #slots: readonly number[];
  readonly #looks: readonly Levels[];
  #state: State = { kind: "off" };
  /** Of the cue that is on, also while it leaves. */
  #priority: number;
  #release: Millis;
  /** Nothing moves and nothing follows since then. */
  #pausedAt: Instant | undefined;

  constructor(settings: CueListSettings, { source, merge, wholes }: CueListPlace) {
    this.#settings = settings;
    this.#source = source;
    this.#merge = merge;
    this.#wholes = wholes;
    this.#looks = looksOf(settings);
    this.#priority = settings.priority;
    this.#release = settings.release;
    this.#slots = [...new Set(settings.cues.flatMap(({ levels }) => [...levels.keys()]))];
    merge.add(source);
  }

  get position(): Position | undefined {
    if (this.#state.kind === "off" || this.#state.kind === "leaving") return undefined;
    const { index } = this.#state;
    const isPaused = this.#pausedAt !== undefined;
    return { cue: this.#settings.cues[index]?.name ?? "", index, isPaused };
  }

  get next(): string | undefined {
    return this.#settings.cues[this.#next()]?.name;
  }

  get before(): string | undefined {
    return this.#settings.cues[this.#before()]?.name;
  }

  go(cue: string | undefined, at: Instant): boolean {
    return this.#start(cue === undefined ? this.#next() : this.#indexOf(cue), at);
  }

  back(at: Instant): boolean {
    return this.#start(this.#before(), at);
  }

  pause(at: Instant): boolean {
    if (this.position === undefined || this.#pausedAt !== undefined) return false;
    this.#pausedAt = at;
    return true;
  }

  resume(at: Instant): boolean {
    if (this.#pausedAt === undefined) return false;
    const stood = millis(between(this.#pausedAt, at));
    this.#pausedAt = undefined;
    const state = this.#state;
    if (state.kind === "moving")
      this.#state = { ...state, move: { ...state.move, since: later(state.move.since, stood) } };
    else if (state.kind === "resting" && state.followAt !== undefined)
      this.#state = { ...state, followAt: later(state.followAt, stood) };
    return true;
  }

  release(at: Instant): void {
    if (this.#state.kind === "off") return;
    this.#pausedAt = undefined;
    const move = {
      from: this.#now(),
      to: undefined,
      up: this.#release,
      down: this.#release,
      curve: "linear",
      since: at,
    } as const;
    this.#state = { kind: "leaving", move };
  }

  restore({ cue, index, isPaused }: Position, at: Instant): void {
    const known = this.#settings.cues[index]?.name === cue ? index : -1;
    const found = known < 0 ? this.#settings.cues.findIndex(({ name }) => name === cue) : known;
    if (found < 0) return;
    this.#state = this.#resting(found, at);
    this.#stand(found);
    this.#pausedAt = isPaused ? at : undefined;
  }

  advance(now: Instant): readonly number[] {
    const at = this.#pausedAt ?? now;
    const changed = new Set<number>();
    // Each cue at most once a time: a loop without time in it must not hold the universe up.
    for (let steps = this.#settings.cues.length; steps > 0; steps -= 1) {
      const due = this.#moveOverAt() ?? this.#followAt();
      if (due === undefined || between(due, at) < 0) break;
      this.#settle(due);
      for (const slot of this.#drive(due)) changed.add(slot);
      const followAt = this.#followAt();
      if (followAt === undefined || between(followAt, at) < 0) break;
      // What is late goes from when it was due, so that a list of follows does not drift, unless it is very late.
      this.#start(this.#next(), between(followAt, at) <= catchUpMax ? followAt : at);
    }
    for (const slot of this.#drive(at)) changed.add(slot);
    return [...changed];
  }

  wakeAt(at: Instant): Instant | undefined {
    if (this.#state.kind === "off" || this.#pausedAt !== undefined) return undefined;
    if (this.#state.kind === "resting") return this.#state.followAt;
    const { since } = this.#state.move;
    return between(at, since) > 0 ? since : at;
  }

  /** People count from 1, and a cue may be called by a number that is not its own: its name comes first. */
  #indexOf(cue: string): number {
    const named = this.#settings.cues.findIndex(({ name }) => name === cue);
    return named < 0 && /^\d+$/.test(cue) ? Number(cue) - 1 : named;
  }

  #next(): number {
    const next = (this.position?.index ?? -1) + 1;
    return this.#settings.isLooped ? next % this.#settings.cues.length : next;
  }

  #before(): number {
    return (this.position?.index ?? 0) - 1;
  }

  #start(index: number, at: Instant): boolean {
    const cue = this.#settings.cues[index];
    const to = this.#looks[index];
    if (cue === undefined || to === undefined) return false;
    const { wait, up, down, curve } = cue;
    const since = later(at, wait);
    this.#stand(index);
    this.#pausedAt = undefined;
    this.#state = { kind: "moving", index, move: { from: this.#now(), to, up, down, curve, since } };
    return true;
  }

  #stand(index: number): void {
    const { priority, release, isTracking } = this.#settings;
    const cue = this.#settings.cues[index];
    this.#priority = cue?.priority ?? priority;
    this.#release = cue?.release ?? release;
    // Scenes have no list that anybody knows: each is a look by itself.
    if (!isTracking && cue !== undefined) this.#source.words = `scene ${cue.name}`;
  }

  #moveOverAt(): Instant | undefined {
    const state = this.#state;
    if (state.kind === "off" || state.kind === "resting") return undefined;
    return later(state.move.since, millis(Math.max(state.move.up, state.move.down)));
  }

  #followAt(): Instant | undefined {
    return this.#state.kind === "resting" ? this.#state.followAt : undefined;
  }

  /** A move that is over by `at` ends there. */
  #settle(at: Instant): void {
    const state = this.#state;
    if (state.kind === "moving") this.#state = this.#resting(state.index, at);
    else if (state.kind === "leaving") this.#state = { kind: "off" };
  }

  #resting(index: number, at: Instant): State {
    const follow = this.#settings.cues[index]?.follow;
    return { kind: "resting", index, followAt: follow === undefined ? undefined : later(at, follow) };
  }

  /** What it drives now. */
  #now(): Levels {
    const driven = this.#slots.filter((slot) => this.#source.drives(slot));
    return new Map(driven.map((slot) => [slot, this.#source.levelAt(slot)]));
  }

  #drive(at: Instant): readonly number[] {
    return this.#slots.filter((slot) => {
      const level = this.#levelAt(slot, at);
      if (level === undefined) return this.#merge.release(this.#source, slot);
      return this.#merge.drive(this.#source, slot, { level, priority: this.#priority }, at);
    });
  }

  /** `undefined`: it does not drive the slot. */
  #levelAt(slot: number, at: Instant): number | undefined {
    const state = this.#state;
    if (state.kind === "off") return undefined;
    if (state.kind === "resting") return this.#looks[state.index]?.get(slot);
    const { from, to, up, down, curve, since } = state.move;
    if (between(since, at) < 0) return from.get(slot);
    if (!from.has(slot) && to?.has(slot) !== true) return undefined;
    const whole = this.#wholes.get(slot);
    const start = whole ? wholeOf(whole, (each) => this.#endOf(each, from, to)) : this.#endOf(slot, from, to);
    const end = whole ? wholeOf(whole, (each) => this.#endOf(each, to, from)) : this.#endOf(slot, to, from);
    const level = faded(start, end, progress(curve, between(since, at), end >= start ? up : down));
    return whole ? byteOf(level, whole, slot) : level;
  }

  /**
   * One end of a move. Light comes from 0 and goes there; where 0 means something else, what is new or left stays in its
   * place, which is the other end.
   */
  #endOf(slot: number, here: Levels | undefined, other: Levels | undefined): number {
    return here?.get(slot) ?? (this.#merge.isLatest(slot) ? (other?.get(slot) ?? 0) : 0);
  }
}

/** What is later than this goes from now: a machine that slept does not race through what it has missed. */
const catchUpMax = 1000;

function looksOf({ cues, isTracking }: CueListSettings): readonly Levels[] {
  let look: Levels = new Map();
  return cues.map(({ levels }) => {
    look = isTracking ? new Map([...look, ...levels]) : levels;
    return look;
  });
}
