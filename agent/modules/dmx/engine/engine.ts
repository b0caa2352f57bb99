/**
 * What a universe shows. Sources are merged; the grand master and the blackout take from intensity and from nothing
 * else; a slot whose source is lost goes the way of the failsafe. Everything that takes time (fades, cues, time-outs)
 * follows from the time that is given: `advance` brings the look up to it, `wakeAt` says when to ask again.
 */
import type { Applied, Instant } from "@interactor/shared/sdk/define-module";
import { earliest } from "@interactor/shared/sdk/define-module";
import { CueList, type CueListSettings } from "./cue-list.ts";
import { Failsafe, type FailsafeSettings } from "./failsafe.ts";
import { type Dimmer, type InputPriorities, Inputs, placedSlot } from "./inputs.ts";
import { Merge } from "./merge.ts";
import {
  type FrameOutcome,
  type LostSource,
  type NetworkFrame,
  NetworkSources,
  type Synchronization,
} from "./network-sources.ts";
import type { Playback, Position } from "./playback.ts";
import { Recording, type RecordingSettings } from "./recording.ts";
import { slotCount } from "./slots.ts";
import { Source } from "./source.ts";
import { wholesOf } from "./wholes.ts";

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
  /** What slots, counted from 0, hold while nobody drives them and no failsafe does: a shutter is open, a head looks ahead. */
  readonly rest?: ReadonlyMap<number, number>;
}

/** What an instance needs to show again what it showed. */
export interface Remembered {
  readonly levels: Uint8Array;
  readonly master: number;
  readonly isBlack: boolean;
  readonly positions: Readonly<Record<string, Position>>;
}

export class Engine {
  /** What shall be sent now, slot 1 first. Always the same array. */
  readonly levels = new Uint8Array(slotCount);
  readonly #merge: Merge;
  readonly #inputs: Inputs;
  readonly #latest: ReadonlySet<number>;
  readonly #rest: ReadonlyMap<number, number>;
  readonly #playbacks = new Map<string, Playback>();
  readonly #network: NetworkSources;
  readonly #failsafe: Failsafe;
  #master = 1;
  #isBlack = false;

  constructor(settings: EngineSettings) {
    this.#latest = settings.latest;
    this.#merge = new Merge(settings.latest);
    this.#inputs = new Inputs(this.#merge, settings.dimmers, settings.priorities, settings.placed);
    this.#rest = settings.rest ?? new Map<number, number>();
    for (const [slot, level] of this.#rest) this.levels[slot] = level;
    const wholes = wholesOf(settings.wholes ?? []);
    this.#failsafe = new Failsafe(settings.failsafe, { rest: this.#rest, wholes });
    this.#network = new NetworkSources(this.#merge);
    for (const [name, list] of Object.entries(settings.cueLists)) {
      const place = { source: new Source(`cue list ${name}`), merge: this.#merge, wholes };
      this.#playbacks.set(name, new CueList(list, place));
    }
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

  addRecording(name: string, recording: RecordingSettings): void {
    this.#playbacks.set(name, new Recording(recording, new Source(`recording ${name}`), this.#merge));
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
    this.#failsafe.forget(slot);
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
    for (const playback of this.#playbacks.values()) slots.push(...playback.advance(at));
    slots.push(...this.#failsafe.moving(at));
    return this.#showThese(slots, at);
  }

  /** When to advance next: `at` itself while something moves, `undefined` when nothing will. */
  wakeAt(at: Instant): Instant | undefined {
    let wake = earliest(this.#network.wakeAt(), this.#failsafe.wakeAt(at));
    for (const playback of this.#playbacks.values()) wake = earliest(wake, playback.wakeAt(at));
    return wake;
  }

  remembered(at: Instant): Remembered {
    const positions: Record<string, Position> = {};
    for (const [name, { position }] of this.#playbacks)
      if (position !== undefined) positions[name] = position;
    const levels = Uint8Array.from({ length: slotCount }, (_, slot) => this.#rawAt(slot, at));
    return { levels, master: this.#master, isBlack: this.#isBlack, positions };
  }

  /** Shows what an earlier life showed, each slot until somebody drives it. */
  restore({ levels, master, isBlack, positions }: Remembered, at: Instant): void {
    this.#master = master;
    this.#isBlack = isBlack;
    for (const [slot, level] of levels.entries()) if (level > 0) this.#failsafe.restore(slot, level, at);
    for (const [name, position] of Object.entries(positions))
      this.#playbacks.get(name)?.restore(position, at);
    this.advance(at);
    this.#showAll(at);
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
    for (let slot = 0; slot < slotCount; slot += 1) isChanged = this.#show(slot, at) || isChanged;
    return isChanged;
  }

  #show(slot: number, at: Instant): boolean {
    const shown = this.#merge.shownAt(slot);
    if (shown !== undefined) this.#failsafe.forget(slot);
    const level = shown?.levelAt(slot) ?? this.#levelOfNobody(slot, at);
    const given = shown === this.#inputs.stop ? level : this.#mastered(slot, level);
    if (this.levels[slot] === given) return false;
    this.levels[slot] = given;
    return true;
  }

  #levelOfNobody(slot: number, at: Instant): number {
    return this.#failsafe.holds(slot) ? this.#failsafe.levelAt(slot, at) : (this.#rest.get(slot) ?? 0);
  }

  #mastered(slot: number, level: number): number {
    if (this.#latest.has(slot)) return level;
    return this.#isBlack ? 0 : Math.round(level * this.#master);
  }

  /** Before the master. What a stop holds is the stop's to say again. */
  #rawAt(slot: number, at: Instant): number {
    const shown = this.#merge.shownAt(slot);
    return shown === this.#inputs.stop ? 0 : (shown?.levelAt(slot) ?? this.#failsafe.levelAt(slot, at));
  }
}
