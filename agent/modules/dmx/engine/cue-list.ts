/**
 * Steps that are fired by GO, by their names or by the step before. A cue changes the slots that it names and leaves
 * the others where the cues before have put them (tracking), so the look of a cue follows from its place in the list
 * alone: whoever jumps there or starts again sees the same as who played up to it. The scenes of a universe are such
 * a list too, without tracking: each is a look by itself.
 */
import { between, type Instant, later, type Millis, millis } from "@interactor/shared/sdk/define-module";
import { type Curve, faded, progress } from "./fade.ts";
import type { Merge } from "./merge.ts";
import type { Levels, Playback, Position, Standing } from "./playback.ts";
import type { Source } from "./source.ts";
import { byteOf, wholeOf, type Wholes } from "./wholes.ts";

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
  | { readonly kind: "leaving"; readonly index: number; readonly move: Move }
  | { readonly kind: "moving"; readonly index: number; readonly move: Move }
  | { readonly kind: "resting"; readonly index: number; readonly since: Instant };

export interface CueListPlace {
  readonly source: Source;
  readonly merge: Merge;
  readonly wholes: Wholes;
  /** Slots on which every level means something else: they jump when a move begins. */
  readonly stepped: ReadonlySet<number>;
  /** The level that shows on a slot, before the master, where the source does not drive it. */
  readonly beneath: (slot: number, at: Instant) => number;
}

export class CueList implements Playback {
  readonly #settings: CueListSettings;
  readonly #source: Source;
  readonly #merge: Merge;
  readonly #wholes: Wholes;
  readonly #stepped: ReadonlySet<number>;
  readonly #beneath: CueListPlace["beneath"];
  /** All slots that any cue names, and what each cue has on which of them. */
  readonly #slots: readonly number[];
  readonly #looks: readonly Levels[];
  #state: State = { kind: "off" };
  /** What a GO has named, also where it is as it was: said when it begins to move. */
  #news: { readonly levels: Levels; readonly since: Instant } | undefined;
  /** Of the cue that is on, also while it leaves. */
  #priority: number;
  #release: Millis;
  /** Nothing moves and nothing follows since then. */
  #pausedAt: Instant | undefined;

  constructor(settings: CueListSettings, { source, merge, wholes, stepped, beneath }: CueListPlace) {
    this.#settings = settings;
    this.#source = source;
    this.#merge = merge;
    this.#wholes = wholes;
    this.#stepped = stepped;
    this.#beneath = beneath;
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
    else if (state.kind === "resting") this.#state = { ...state, since: later(state.since, stood) };
    return true;
  }

  release(at: Instant): void {
    if (this.#state.kind === "off") return;
    this.#pausedAt = undefined;
    this.#leave(this.#state.index, { from: this.#now(), since: at, fade: this.#release });
  }

  standing(): Standing | undefined {
    const state = this.#state;
    if (state.kind === "off") return undefined;
    const { kind, index } = state;
    const cue = this.#settings.cues[index]?.name ?? "";
    const pausedAt = this.#pausedAt;
    if (kind === "resting") return { kind: "on", cue, index, since: state.since, pausedAt };
    const { from, since, up } = state.move;
    const place = { cue, index, from, since };
    return kind === "leaving" ? { kind, ...place, fade: up } : { kind, ...place, pausedAt };
  }

  restore(standing: Standing): void {
    const { cue } = standing;
    const known = this.#settings.cues[standing.index]?.name === cue ? standing.index : -1;
    const index = known < 0 ? this.#settings.cues.findIndex(({ name }) => name === cue) : known;
    if (index < 0) return;
    this.#stand(index);
    if (standing.kind === "leaving") return this.#leave(index, standing);
    this.#pausedAt = standing.pausedAt;
    if (standing.kind === "moving") this.#moveTo(index, standing);
    else this.#state = { kind: "resting", index, since: standing.since };
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
    if (this.#state.kind === "resting") return this.#followAt();
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
    if (cue === undefined) return false;
    this.#stand(index);
    this.#pausedAt = undefined;
    const since = later(at, cue.wait);
    this.#moveTo(index, { from: this.#now(), since });
    this.#news = { levels: cue.levels, since };
    return true;
  }

  #moveTo(index: number, { from, since }: Pick<Move, "from" | "since">): void {
    const cue = this.#settings.cues[index];
    const to = this.#looks[index];
    if (cue === undefined || to === undefined) return;
    const { up, down, curve } = cue;
    this.#state = { kind: "moving", index, move: { from, to, up, down, curve, since } };
  }

  #leave(
    index: number,
    { from, since, fade }: Pick<Move, "from" | "since"> & { readonly fade: Millis },
  ): void {
    this.#news = undefined;
    const move = { from, to: undefined, up: fade, down: fade, curve: "linear", since } as const;
    this.#state = { kind: "leaving", index, move };
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
    if (this.#state.kind !== "resting") return undefined;
    const { since, index } = this.#state;
    const follow = this.#settings.cues[index]?.follow;
    const hasNext = this.#settings.cues[this.#next()] !== undefined;
    return follow === undefined || !hasNext ? undefined : later(since, follow);
  }

  /** A move that is over by `at` ends there. */
  #settle(at: Instant): void {
    const state = this.#state;
    if (state.kind === "moving") this.#state = { kind: "resting", index: state.index, since: at };
    else if (state.kind === "leaving") this.#state = { kind: "off" };
  }

  /** What it drives now. */
  #now(): Levels {
    const driven = this.#slots.filter((slot) => this.#source.drives(slot));
    return new Map(driven.map((slot) => [slot, this.#source.levelAt(slot)]));
  }

  #drive(at: Instant): readonly number[] {
    this.#comeIn(at);
    const priority = this.#priority;
    const news =
      this.#news !== undefined && between(this.#news.since, at) >= 0 ? this.#news.levels : undefined;
    if (news !== undefined) this.#news = undefined;
    return this.#slots.filter((slot) => {
      const level = this.#levelAt(slot, at);
      if (level === undefined) return this.#merge.release(this.#source, slot);
      return this.#merge.drive(this.#source, slot, { level, priority, isNews: news?.has(slot) === true }, at);
    });
  }

  /**
   * On slots that it did not drive a move begins with what shows there when it begins: else a list of a higher priority
   * would throw the stage dark first. Where 0 does not mean off, what is new is in its place at once.
   */
  #comeIn(at: Instant): void {
    const state = this.#state;
    if (state.kind !== "moving" || between(state.move.since, at) < 0) return;
    const { from, to } = state.move;
    const entering = [...(to ?? [])].filter(([slot]) => !from.has(slot));
    if (entering.length === 0) return;
    const begin = entering.map(
      ([slot, level]) => [slot, this.#merge.isLatest(slot) ? level : this.#beneath(slot, at)] as const,
    );
    this.#state = { ...state, move: { ...state.move, from: new Map([...from, ...begin]) } };
  }

  /** `undefined`: it does not drive the slot. */
  #levelAt(slot: number, at: Instant): number | undefined {
    const state = this.#state;
    if (state.kind === "off") return undefined;
    if (state.kind === "resting") return this.#looks[state.index]?.get(slot);
    const { from, to, up, down, curve, since } = state.move;
    if (between(since, at) < 0) return from.get(slot);
    if (!from.has(slot)) return undefined;
    const whole = this.#wholes.get(slot);
    const startOf = (each: number): number => from.get(each) ?? this.#beneath(each, at);
    const endOf = (each: number): number => to?.get(each) ?? this.#leftAt(each, from, at);
    const start = whole ? wholeOf(whole, startOf) : startOf(slot);
    const end = whole ? wholeOf(whole, endOf) : endOf(slot);
    const gone = progress(curve, between(since, at), end >= start ? up : down);
    const level = faded(start, end, this.#stepped.has(slot) ? 1 : gone);
    return whole ? byteOf(level, whole, slot) : level;
  }

  /** Light goes to what shows beneath, which may move too; where 0 does not mean off, what is left stays until then. */
  #leftAt(slot: number, from: Levels, at: Instant): number {
    return (this.#merge.isLatest(slot) ? from.get(slot) : undefined) ?? this.#beneath(slot, at);
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
