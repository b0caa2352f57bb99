/**
 * The sources that are heard on the network, as E1.31 wants a receiver to treat them: late packets are passed over,
 * one that says that it leaves or falls silent is gone, priorities may differ from slot to slot, and a look that waits
 * for synchronization is shown with the others. Art-Net's rules are the same with other times.
 */
import {
  between,
  earliest,
  type Instant,
  later,
  type Millis,
  seconds,
} from "@interactor/shared/sdk/define-module";
import type { Merge } from "./merge.ts";
import { slotCount } from "./slots.ts";
import { priorities, Source } from "./source.ts";

/** E131_NETWORK_DATA_LOSS_TIMEOUT, E1.31 appendix A: a silent source is gone. */
export const sacnLossTimeout = seconds(2.5);
/**
 * Sources of one universe. More: the weakest goes if the newcomer has a higher priority, else the newcomer is refused;
 * both are reported (E1.31 section 6.2.3.2 asks for that).
 */
export const networkSourcesMax = 16;
/** A packet this far behind the last one is late (E1.31 section 6.7.2); further behind, its source began anew. */
const lateMax = 20;

export interface NetworkFrame {
  /** What tells this source from others: its CID, or its address. */
  readonly key: string;
  /** For people. */
  readonly name: string;
  /** Where it comes from, as far as that is known. */
  readonly origin?: DeskOrigin;
  /** 0–200. */
  readonly priority: number;
  /** Silent for so long, it is lost. */
  readonly timeout: Millis;
  /** 0–255; `undefined`: this source does not number its packets. */
  readonly sequence: number | undefined;
  readonly content: NetworkContent;
  readonly isTerminated: boolean;
  /** What says when this look is to be shown; until that has been heard it is shown at once. */
  readonly synchronization: string | undefined;
}

/** Looks that wait for it are shown, and those that follow do wait. */
export interface Synchronization {
  /** As frames name it. */
  readonly name: string;
  /** Not said again for so long, nobody waits for it any more. */
  readonly validFor: Millis;
  /** It counts only while a single source is heard, as ArtSync does. */
  readonly isForOne: boolean;
}

export interface DeskOrigin {
  readonly address?: string;
  /** Of a source of sACN, in hex. */
  readonly cid?: string;
  /** The serial line it is heard on. */
  readonly line?: string;
}

/** A source that is heard, for people. */
export interface HeardDesk extends DeskOrigin {
  readonly name: string;
  /** Of its last look; single channels may have others. */
  readonly priority: number;
}

/** At most 512 values, slot 1 first. Priorities (start code 0xDD): 0 where it does not drive; above 200 counts as 200. */
export type NetworkContent =
  | { readonly kind: "levels"; readonly levels: Uint8Array }
  | { readonly kind: "priorities"; readonly priorities: Uint8Array };

interface Heard {
  readonly source: Source;
  readonly name: string;
  readonly origin: DeskOrigin;
  timeout: Millis;
  sequence: number | undefined;
  priority: number;
  levels: Uint8Array;
  levelsAt: Instant | undefined;
  since: Instant;
  ofSlots: Uint8Array | undefined;
  ofSlotsAt: Instant;
  synchronization: string | undefined;
  isWaiting: boolean;
}

export type FrameOutcome =
  | { readonly kind: "taken"; readonly slots: readonly number[] }
  | { readonly kind: "lost"; readonly name: string; readonly slots: readonly number[] }
  | { readonly kind: "late" }
  | { readonly kind: "too-many" };

export interface LostSource {
  readonly name: string;
  readonly source: Source;
}

export class NetworkSources {
  readonly #merge: Merge;
  readonly #heard = new Map<string, Heard>();
  /** By name; each is named by a source, or was until it ran out. */
  readonly #synchronizations = new Map<string, { readonly until: Instant; readonly isForOne: boolean }>();
  #changes = 0;

  constructor(merge: Merge) {
    this.#merge = merge;
  }

  /** How many are heard. */
  get count(): number {
    return this.#heard.size;
  }

  /** In the order in which they were first heard. */
  get desks(): readonly HeardDesk[] {
    return [...this.#heard.values()].map(({ name, priority, origin }) => ({ name, priority, ...origin }));
  }

  /** Grows with every change of `desks`. */
  get changes(): number {
    return this.#changes;
  }

  /** `lose` is called before a source that leaves lets go of its slots. */
  receive(frame: NetworkFrame, at: Instant, lose: (lost: LostSource) => void): FrameOutcome {
    const known = this.#heard.get(frame.key);
    if (known !== undefined && isLate(known.sequence, frame.sequence)) return { kind: "late" };
    if (frame.isTerminated) {
      if (known === undefined) return { kind: "taken", slots: [] };
      return { kind: "lost", name: known.name, slots: this.#drop(frame.key, known, lose) };
    }
    const left: number[] = [];
    if (known === undefined && this.#heard.size >= networkSourcesMax) {
      const weakest = this.#weakest();
      if (weakest === undefined || weakest.heard.priority >= frame.priority) return { kind: "too-many" };
      left.push(...this.#drop(weakest.key, weakest.heard, lose));
    }
    const heard = known ?? this.#welcome(frame, at);
    heard.sequence = frame.sequence;
    heard.synchronization = frame.synchronization;
    this.#take(heard, frame, at);
    heard.isWaiting = this.#isSynchronized(heard, at);
    if (heard.isWaiting) return { kind: "taken", slots: left };
    // A second source ends the waiting of a first that synchronized itself.
    const waited = this.#showWaiting(at, (other) => !this.#isSynchronized(other, at));
    return { kind: "taken", slots: [...left, ...waited, ...this.#show(heard, at)] };
  }

  /** Passed over when no source that is heard waits for it. */
  synchronize({ name, validFor, isForOne }: Synchronization, at: Instant): readonly number[] {
    const isNamed = [...this.#heard.values()].some(({ synchronization }) => synchronization === name);
    if (!isNamed || (isForOne && this.#heard.size > 1)) return [];
    this.#synchronizations.set(name, { until: later(at, validFor), isForOne });
    return this.#showWaiting(at, ({ synchronization }) => synchronization === name);
  }

  /** Lets go of those who have fallen silent. Returns the slots that have to be looked at again. */
  expire(at: Instant, lose: (lost: LostSource) => void): readonly number[] {
    for (const [name, { until }] of this.#synchronizations) {
      if (between(until, at) >= 0) this.#synchronizations.delete(name);
    }
    const slots = [...this.#showWaiting(at, (heard) => !this.#isSynchronized(heard, at))];
    for (const [key, heard] of this.#heard) {
      if (between(later(lastHeard(heard), heard.timeout), at) >= 0) {
        slots.push(...this.#drop(key, heard, lose));
      } else if (heard.ofSlots !== undefined && between(later(heard.ofSlotsAt, heard.timeout), at) >= 0) {
        heard.ofSlots = undefined;
        slots.push(...this.#show(heard, at));
      }
    }
    return slots;
  }

  wakeAt(): Instant | undefined {
    let wake: Instant | undefined;
    for (const { until } of this.#synchronizations.values()) wake = earliest(wake, until);
    for (const heard of this.#heard.values()) {
      wake = earliest(wake, later(lastHeard(heard), heard.timeout));
      if (heard.ofSlots !== undefined) wake = earliest(wake, later(heard.ofSlotsAt, heard.timeout));
    }
    return wake;
  }

  #welcome({ key, name, origin = {}, priority, timeout }: NetworkFrame, at: Instant): Heard {
    const source = new Source(`${name} ${key}`, this.#wordsOf(key, name, origin));
    this.#merge.add(source);
    this.#changes += 1;
    const heard: Heard = {
      source,
      name,
      origin,
      timeout,
      sequence: undefined,
      priority,
      levels: new Uint8Array(0),
      levelsAt: undefined,
      since: at,
      ofSlots: undefined,
      ofSlotsAt: at,
      synchronization: undefined,
      isWaiting: false,
    };
    this.#heard.set(key, heard);
    return heard;
  }

  /** A name is what somebody typed into a desk: the address tells two of them apart, and the CID two on one machine. */
  #wordsOf(key: string, name: string, { address = "" }: DeskOrigin): string {
    const words = address === "" || name.includes(address) ? `desk ${name}` : `desk ${name} ${address}`;
    const isTaken = [...this.#heard.values()].some(({ source }) => source.words === words);
    return isTaken ? `${words} (${key.slice(0, 8)})` : words;
  }

  #take(heard: Heard, { content, priority }: NetworkFrame, at: Instant): void {
    if (content.kind === "levels") {
      heard.levels = content.levels;
      heard.levelsAt = at;
      if (heard.priority !== priority) this.#changes += 1;
      heard.priority = priority;
    } else {
      heard.ofSlots = content.priorities;
      heard.ofSlotsAt = at;
    }
  }

  #show(heard: Heard, at: Instant): readonly number[] {
    const { source, levels, ofSlots } = heard;
    const slots: number[] = [];
    // One for all 512 of a frame, because frames come hundreds of times a second.
    const driven = { level: 0, priority: heard.priority };
    for (let slot = 0; slot < slotCount; slot += 1) {
      // Above 200 stand what is ours alone and the show stop.
      if (ofSlots !== undefined) driven.priority = Math.min(ofSlots[slot] ?? 0, priorities.network);
      driven.level = levels[slot] ?? 0;
      const isDriven = slot < levels.length && (ofSlots === undefined || driven.priority > 0);
      const isNew = isDriven
        ? this.#merge.drive(source, slot, driven, at)
        : this.#merge.release(source, slot);
      if (isNew) slots.push(slot);
    }
    return slots;
  }

  /** The one that is missed least: of the lowest priority, and of those the one that was silent longest. */
  #weakest(): { readonly key: string; readonly heard: Heard } | undefined {
    let weakest: { readonly key: string; readonly heard: Heard } | undefined;
    for (const [key, heard] of this.#heard) {
      const byPriority = heard.priority - (weakest?.heard.priority ?? Infinity);
      const isSilentLonger = between(lastHeard(heard), lastHeard(weakest?.heard ?? heard)) > 0;
      if (byPriority < 0 || (byPriority === 0 && isSilentLonger)) weakest = { key, heard };
    }
    return weakest;
  }

  #showWaiting(at: Instant, isDue: (heard: Heard) => boolean): readonly number[] {
    const slots: number[] = [];
    for (const heard of this.#heard.values()) {
      if (!heard.isWaiting || !isDue(heard)) continue;
      heard.isWaiting = false;
      slots.push(...this.#show(heard, at));
    }
    return slots;
  }

  #isSynchronized({ synchronization = "" }: Heard, at: Instant): boolean {
    const known = this.#synchronizations.get(synchronization);
    if (known === undefined) return false;
    const isOver = between(known.until, at) >= 0 || (known.isForOne && this.#heard.size > 1);
    if (isOver) this.#synchronizations.delete(synchronization);
    return !isOver;
  }

  #drop(key: string, heard: Heard, lose: (lost: LostSource) => void): readonly number[] {
    lose(heard);
    this.#changes += 1;
    this.#heard.delete(key);
    const slots: number[] = [];
    for (let slot = 0; slot < slotCount; slot += 1) {
      if (this.#merge.release(heard.source, slot)) slots.push(slot);
    }
    this.#merge.remove(heard.source);
    return slots;
  }
}

/** Its levels: who sends priorities alone is not heard. */
const lastHeard = ({ levelsAt, since }: Heard): Instant => levelsAt ?? since;

/** By the difference of two numbers on a ring of 256, as a signed byte. */
function isLate(last: number | undefined, next: number | undefined): boolean {
  if (last === undefined || next === undefined) return false;
  const ahead = ((next - last) << 24) >> 24;
  return ahead <= 0 && ahead > -lateMax;
}
