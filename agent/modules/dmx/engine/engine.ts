/**
 * What a universe shows. Sources are merged; the grand master and the blackout take from intensity and from nothing
 * else; a slot whose source is lost goes the way of the failsafe. Everything that takes time (fades, cues, time-outs)
 * follows from the time that is given: `advance` brings the look up to it, `wakeAt` says when to ask again.
 */
import type { Applied, Instant, Millis } from "@interactor/shared/sdk/define-module";
import { between, earliest, later, millis } from "@interactor/shared/sdk/define-module";
import { CueList, type CueListPlace, type CueListSettings } from "./cue-list.ts";
import { Failsafe, type FailsafeSettings, restoredTimeout } from "./failsafe.ts";
import { type Dimmer, type InputPriorities, Inputs, placedSlot } from "./inputs.ts";
import { Merge } from "./merge.ts";
import {
  type FrameOutcome,
  type LostSource,
  type NetworkFrame,
  NetworkSources,
  type Synchronization,
} from "./network-sources.ts";
import { type Levels, type Playback, shifted, type Standing } from "./playback.ts";
import { Recording, type RecordingSettings } from "./recording.ts";
import { slotCount } from "./slots.ts";
import { Source } from "./source.ts";
import { byteOf, wholeOf, type Wholes, wholesOf } from "./wholes.ts";

export interface EngineSettings {
  readonly dimmers: Readonly<Record<string, Dimmer>>;
  readonly priorities: InputPriorities;
  /** Slots, counted from 0, that are no intensity: the latest shows, and no master dims them. */
  readonly latest: ReadonlySet<number>;
  readonly cueLists: Readonly<Record<string, CueListSettings>>;
  readonly failsafe: FailsafeSettings;
  /** Slots, 1–512, of inputs that have several. */
  readonly placed?: Readonly<Record<string, readonly number[]>>;
  /** Slots, 1–512, that are one number together, the coarse one first: they fade as that number. */
  readonly wholes?: readonly (readonly number[])[];
  /** Slots, counted from 0, on which every level means something else (a gobo, a shutter, a lamp's reset): they never fade. */
  readonly stepped?: ReadonlySet<number>;
  /** What slots, counted from 0, hold while nobody drives them and no failsafe does: a shutter is open, a head looks ahead. */
  readonly rest?: ReadonlyMap<number, number>;
}

/** What an instance needs to show again what it showed. */
export interface Remembered {
  /** Before the master, on slots that somebody drives or the failsafe holds: 0 there is a level as any other. */
  readonly levels: Levels;
  readonly master: number;
  readonly isBlack: boolean;
  readonly standings: Readonly<Record<string, Standing>>;
  /** Whose level shows on which slots, counted from 0, and at which priority. Formerly on those alone that are no intensity. */
  readonly latest: readonly Shown[];
  /** When it was so. All times are of the same life. */
  readonly at: Instant;
}

interface Shown {
  readonly source: string;
  readonly priority?: number | undefined;
  readonly slots: readonly number[];
}

/** Who shows on a slot. */
export type Shower =
  | { readonly kind: "input" | "desk" | "failsafe" }
  | { readonly kind: "cue list" | "recording"; readonly name: string };

export class Engine {
  /** What shall be sent now, slot 1 first. Always the same array. */
  readonly levels = new Uint8Array(slotCount);
  readonly #merge: Merge;
  readonly #inputs: Inputs;
  readonly #latest: ReadonlySet<number>;
  readonly #rest: ReadonlyMap<number, number>;
  readonly #wholes: Wholes;
  readonly #stepped: ReadonlySet<number>;
  readonly #playbacks = new Map<string, Playback>();
  readonly #network: NetworkSources;
  readonly #failsafe: Failsafe;
  /** Of recordings that are not here yet: their files are read while the universe already shows. */
  readonly #unclaimed = new Map<string, Standing>();
  /** Whose they are. Those that come and go are desks'. */
  readonly #showers = new Map<Source, Shower>();
  /** Until then an earlier life's sources are awaited. */
  #awaitedUntil: Instant | undefined;
  #master = 1;
  #isBlack = false;

  constructor(settings: EngineSettings) {
    this.#latest = settings.latest;
    this.#wholes = wholesOf(settings.wholes ?? []);
    this.#merge = new Merge(settings.latest, this.#wholes);
    this.#inputs = new Inputs(this.#merge, settings.dimmers, settings.priorities, settings.placed);
    this.#rest = settings.rest ?? new Map<number, number>();
    for (const [slot, level] of this.#rest) this.levels[slot] = level;
    this.#stepped = settings.stepped ?? new Set<number>();
    const place = { rest: this.#rest, wholes: this.#wholes, stepped: this.#stepped };
    this.#failsafe = new Failsafe(settings.failsafe, place);
    this.#network = new NetworkSources(this.#merge);
    for (const [name, list] of Object.entries(settings.cueLists)) {
      const place = this.#placeFor(`cue list ${name}`);
      this.#playbacks.set(name, new CueList(list, place));
      this.#showers.set(place.source, { kind: "cue list", name });
    }
    const { channels, dimmers } = this.#inputs;
    for (const source of [channels, dimmers]) this.#showers.set(source, { kind: "input" });
  }

  get master(): number {
    return this.#master;
  }

  get isBlack(): boolean {
    return this.#isBlack;
  }

  /** Who shows on a slot, 0–511; `undefined`: nobody. */
  sourceAt(slot: number): string | undefined {
    const shown = this.#merge.shownAt(slot);
    if (shown !== undefined) return shown.words;
    return this.#failsafe.holds(slot) ? "failsafe" : undefined;
  }

  /** It goes on from where an earlier life left it. */
  addRecording(name: string, settings: RecordingSettings): void {
    const place = this.#placeFor(`recording ${name}`);
    const recording = new Recording(settings, place);
    this.#playbacks.set(name, recording);
    this.#showers.set(place.source, { kind: "recording", name });
    const standing = this.#unclaimed.get(name);
    if (standing !== undefined) recording.restore(standing);
    this.#unclaimed.delete(name);
  }

  /** What an earlier life left of recordings that are not here yet is let go; of no name: all of it. */
  forgetUnclaimed(name: string): boolean {
    if (name !== "") return this.#unclaimed.delete(name);
    this.#unclaimed.clear();
    return true;
  }

  /** Sets all slots of an input that has several, or releases them. */
  setPlaced(
    input: string,
    applied: { readonly levels: readonly number[]; readonly owner: Applied["owner"] },
    at: Instant,
  ): boolean {
    let isChanged = false;
    for (const [index, value] of applied.levels.entries())
      isChanged = this.set(placedSlot(input, index), { value, owner: applied.owner }, at) || isChanged;
    return isChanged;
  }

  releasePlaced(input: string, slots: number, at: Instant): boolean {
    let isChanged = false;
    for (let index = 0; index < slots; index += 1)
      isChanged = this.set(placedSlot(input, index), undefined, at) || isChanged;
    return isChanged;
  }

  /** Sets a raw channel or a dimmer, or releases it. Returns whether the look is another now. */
  set(
    input: string,
    applied: { readonly value: number; readonly owner: Applied["owner"] } | undefined,
    at: Instant,
  ): boolean {
    const slot = this.#inputs.set(input, applied, at);
    if (slot === undefined) return false;
    if (applied === undefined)
      for (const { name } of [this.#inputs.channels, this.#inputs.dimmers])
        this.#merge.forgetAwaited(name, slot);
    if (!this.#merge.isAwaited(slot)) this.#failsafe.forget(slot);
    return this.#show(slot, at);
  }

  /** The grand master, 0 to 1. Returns whether it is another now, also where nothing is lit that it could dim. */
  setMaster(master: number, at: Instant): boolean {
    const former = this.#master;
    this.#master = Math.min(Math.max(master, 0), 1);
    return this.#showAll(at) || this.#master !== former;
  }

  /** Returns whether it is another now, also in the dark: who lights a lamp then shall know why it stays so. */
  setBlack(isBlack: boolean, at: Instant): boolean {
    const wasBlack = this.#isBlack;
    this.#isBlack = isBlack;
    return this.#showAll(at) || isBlack !== wasBlack;
  }

  playback(name: string): Playback | undefined {
    return this.#playbacks.get(name);
  }

  get playbacks(): ReadonlyMap<string, Playback> {
    return this.#playbacks;
  }

  /** Takes what was heard on the network. Returns what became of it, and whether the look is another now. */
  receive(frame: NetworkFrame, at: Instant): { readonly outcome: FrameOutcome; readonly isChanged: boolean } {
    const outcome = this.#network.receive(frame, at, (lost) => this.#lose(lost, at));
    const slots = outcome.kind === "taken" || outcome.kind === "lost" ? outcome.slots : [];
    return { outcome, isChanged: this.#showThese(slots, at) };
  }

  synchronize(said: Synchronization, at: Instant): boolean {
    return this.#showThese(this.#network.synchronize(said, at), at);
  }

  /** Brings everything that takes time up to `at`. Returns whether the look is another now. */
  advance(at: Instant): boolean {
    const slots: number[] = [...this.#network.expire(at, (lost) => this.#lose(lost, at))];
    if (this.#awaitedUntil !== undefined && between(this.#awaitedUntil, at) >= 0) {
      this.#awaitedUntil = undefined;
      slots.push(...this.#merge.forgetAllAwaited());
    }
    for (const playback of this.#playbacks.values()) slots.push(...playback.advance(at));
    slots.push(...this.#failsafe.moving(at));
    return this.#showThese(slots, at);
  }

  /** When to advance next: `at` itself while something moves, `undefined` when nothing will. */
  wakeAt(at: Instant): Instant | undefined {
    let wake = earliest(earliest(this.#network.wakeAt(), this.#awaitedUntil), this.#failsafe.wakeAt(at));
    for (const playback of this.#playbacks.values()) wake = earliest(wake, playback.wakeAt(at));
    return wake;
  }

  /** `isKept`: of whom the levels are remembered. */
  remembered(at: Instant, isKept: (shower: Shower) => boolean = () => true): Remembered {
    const standings: Record<string, Standing> = Object.fromEntries(this.#unclaimed);
    for (const [name, playback] of this.#playbacks) {
      const standing = playback.standing(at);
      if (standing !== undefined) standings[name] = standing;
    }
    const levels = this.#rawLevels(at, isKept);
    const latest = this.#shownSources();
    return { levels, master: this.#master, isBlack: this.#isBlack, standings, latest, at };
  }

  /**
   * Shows what an earlier life showed, each slot until somebody drives it. `ago`: how long before `at` it was so; for what
   * moves by itself that time has passed.
   */
  restore(remembered: Remembered, at: Instant, ago: Millis = millis(0)): void {
    const { levels, master, isBlack, standings } = remembered;
    this.#master = master;
    this.#isBlack = isBlack;
    const latest = new Map(
      remembered.latest.flatMap(({ source, slots }) => slots.map((slot) => [slot, source] as const)),
    );
    this.#merge.restore({ latest, at, until: later(at, restoredTimeout) });
    for (const [slot, level] of levels) this.#failsafe.restore(slot, level, at);
    this.#awaitedUntil = later(at, restoredTimeout);
    for (const shown of remembered.latest) this.#await(shown, levels, at);
    for (const [name, standing] of Object.entries(standings)) {
      const here = shifted(standing, between(remembered.at, at) - ago);
      const playback = this.#playbacks.get(name);
      if (playback === undefined) this.#unclaimed.set(name, here);
      else playback.restore(here);
    }
    this.advance(at);
    this.#showAll(at);
  }

  /** Each by itself: the first that speaks again says nothing of what the others showed. */
  #await({ source: name, priority, slots }: Shown, levels: Levels, at: Instant): void {
    if (priority === undefined) return;
    const source = this.#merge.standIn(name, "failsafe");
    this.#showers.set(source, { kind: "failsafe" });
    for (const slot of slots) {
      const level = levels.get(slot);
      if (level !== undefined) this.#merge.drive(source, slot, { level, priority }, at);
    }
  }

  #placeFor(name: string): CueListPlace {
    const source = new Source(name);
    const beneath = (slot: number, at: Instant): number =>
      this.#merge.beneath(source, slot)?.levelAt(slot) ?? this.#undrivenAt(slot, at);
    return { source, merge: this.#merge, wholes: this.#wholes, stepped: this.#stepped, beneath };
  }

  #lose({ source }: LostSource, at: Instant): void {
    for (let slot = 0; slot < slotCount; slot += 1) {
      if (this.#merge.shownAt(slot) === source) this.#failsafe.lost(slot, source.levelAt(slot), at);
    }
  }

  #showThese(slots: readonly number[], at: Instant): boolean {
    let isChanged = false;
    for (const slot of slots) isChanged = this.#show(slot, at) || isChanged;
    return isChanged;
  }

  #showAll(at: Instant): boolean {
    let isChanged = false;
    for (let slot = 0; slot < slotCount; slot += 1) isChanged = this.#showSlot(slot, at) || isChanged;
    return isChanged;
  }

  /** With it those that are one number with it: a master dims that number, so each byte of it hangs on the others. */
  #show(slot: number, at: Instant): boolean {
    let isChanged = this.#showSlot(slot, at);
    for (const other of this.#wholes.get(slot) ?? [])
      if (other !== slot) isChanged = this.#showSlot(other, at) || isChanged;
    return isChanged;
  }

  #showSlot(slot: number, at: Instant): boolean {
    const shown = this.#merge.shownAt(slot);
    if (shown !== undefined && !this.#merge.isAwaited(slot)) this.#failsafe.forget(slot);
    const given = shown === this.#inputs.stop ? shown.levelAt(slot) : this.#mastered(slot, at);
    if (this.levels[slot] === given) return false;
    this.levels[slot] = given;
    return true;
  }

  #mastered(slot: number, at: Instant): number {
    if (this.#latest.has(slot)) return this.#rawAt(slot, at);
    if (this.#isBlack) return 0;
    const whole = this.#wholes.get(slot);
    if (whole === undefined || whole.some((each) => this.#latest.has(each)))
      return Math.round(this.#rawAt(slot, at) * this.#master);
    const level = wholeOf(whole, (each) => this.#rawAt(each, at));
    return byteOf(Math.round(level * this.#master), whole, slot);
  }

  /** Before the master. */
  #rawAt(slot: number, at: Instant): number {
    return this.#merge.shownAt(slot)?.levelAt(slot) ?? this.#undrivenAt(slot, at);
  }

  #undrivenAt(slot: number, at: Instant): number {
    return this.#failsafe.holds(slot) ? this.#failsafe.levelAt(slot, at) : (this.#rest.get(slot) ?? 0);
  }

  #shownSources(): Remembered["latest"] {
    const shown = new Map<string, { source: string; priority: number; slots: number[] }>();
    for (let slot = 0; slot < slotCount; slot += 1) {
      const by = this.#merge.shownAt(slot);
      if (by === undefined || by === this.#inputs.stop) continue;
      const priority = by.priorityAt(slot);
      const key = `${priority} ${by.name}`;
      const group = shown.get(key) ?? { source: by.name, priority, slots: [] };
      shown.set(key, group);
      group.slots.push(slot);
    }
    return [...shown.values()];
  }

  /** What a stop holds is the stop's to say again. */
  #rawLevels(at: Instant, isKept: (shower: Shower) => boolean): Levels {
    const levels = new Map<number, number>();
    for (let slot = 0; slot < slotCount; slot += 1) {
      const shown = this.#merge.shownAt(slot);
      if (shown === this.#inputs.stop || (shown === undefined && !this.#failsafe.holds(slot))) continue;
      const other = { kind: shown === undefined ? "failsafe" : "desk" } as const;
      if (!isKept((shown && this.#showers.get(shown)) ?? other)) continue;
      levels.set(slot, shown?.levelAt(slot) ?? this.#failsafe.levelAt(slot, at));
    }
    return levels;
  }
}
