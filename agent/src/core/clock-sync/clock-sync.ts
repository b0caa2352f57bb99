/**
 * What a node knows of the hub's clock, which is the site's. As in NTP: the node asks, the hub answers with when it
 * got the question and when it answered, and the difference of the clocks lies within half the round trip of their
 * middle, however unequal the two ways were. Held is the difference to the node's *monotonic* clock, so a step of
 * the node's own wall clock changes nothing.
 *
 * An answer bounds the truth for certain, and the bound grows with time as the clocks drift. Of the last answers
 * the one that bounds best now is used. One that cannot be true together with it means that the hub's clock was
 * set: what was known before is forgotten.
 */
import {
  between,
  type Instant,
  later,
  type Micros,
  micros,
  type Millis,
  millis,
  seconds,
} from "@interactor/shared/kernel/units";
import type { ClockReply } from "@interactor/shared/wire/messages/clock-exchange";

/** Clocks drift by less: a crystal by 100 ppm, one that is being set right by NTP by 500 at times. As a share. */
export const driftMax = 250e-6;
/** Answers kept. More: the oldest is forgotten. */
const samplesMax = 8;
/** Questions without an answer that are remembered. More: the oldest is forgotten, its answer means nothing then. */
const askedMax = 4;
/** After a connection a few questions in a row, because the first one waits behind all that had gathered. */
const burst = 4;
const burstInterval = millis(250);
/** Then at a slow pace: at this drift the bound grows by 4 ms in between. */
const slowInterval = seconds(16);
/** Sooner while nobody answers: a question expires when the hub takes nothing in, and its clock may have been set. */
const againInterval = seconds(2);
/** And while all that is known is no better than this: all questions had waited behind what was more urgent. */
const roughBound = millis(50);
/** Stamps are in µs, and both clocks are read at most this wrong. In µs. */
const resolution = 20;

interface Sample {
  /** The site's clock less the monotonic one, in µs. */
  readonly offset: number;
  /** Half the round trip, and what may have drifted in it; in µs. */
  readonly bound: number;
  readonly at: Instant;
}

export type ClockNews =
  /** Nobody asked that, or it was answered before. */
  | { readonly kind: "unasked" }
  | { readonly kind: "impossible" }
  | { readonly kind: "first" }
  | { readonly kind: "kept" }
  /** The hub's clock was set; `by` in ms, forwards when positive. */
  | { readonly kind: "stepped"; readonly by: number };

export class ClockSync {
  #asked: number[] = [];
  #samples: Sample[] = [];
  #left = 0;
  #dueAt: Instant | undefined;
  /** How often the hub's clock was found to have been set. */
  steps = 0;

  get isSynchronised(): boolean {
    return this.#samples.length > 0;
  }

  /** There is a hub to ask, perhaps another one than before. */
  connected(at: Instant): void {
    this.#asked = [];
    this.askSoon(at);
  }

  /** The hub's clock may have been set: to be called only while connected. */
  askSoon(at: Instant): void {
    this.#left = burst;
    this.#dueAt = at;
  }

  disconnected(): void {
    this.#asked = [];
    this.#dueAt = undefined;
  }

  /** When to ask next; `undefined`: there is nobody. */
  get dueAt(): Instant | undefined {
    return this.#dueAt;
  }

  /** The question, to be sent at once. */
  ask(at: Instant): number {
    const askedAt = Math.round(at * 1000);
    this.#asked = [...this.#asked, askedAt].slice(-askedMax);
    this.#left = Math.max(this.#left - 1, 0);
    this.#dueAt = later(at, this.#left > 0 ? burstInterval : againInterval);
    return askedAt;
  }

  /** The hub has answered. What nobody asked, or a second time, changes nothing. */
  reply({ askedAt, receivedAt, repliedAt }: ClockReply, at: Instant): ClockNews {
    if (!this.#asked.includes(askedAt)) return { kind: "unasked" };
    this.#asked = this.#asked.filter((each) => each !== askedAt);
    const now = Math.round(at * 1000);
    const roundTrip = now - askedAt - (repliedAt - receivedAt);
    // The hub's clock was set between question and answer, or somebody makes it up.
    if (roundTrip < 0 || repliedAt < receivedAt) return { kind: "impossible" };
    const offset = (receivedAt - askedAt + (repliedAt - now)) / 2;
    // While a slow answer was on its way the clocks drifted too.
    const bound = roundTrip / 2 + (now - askedAt) * driftMax + resolution;
    const news = this.#take({ offset, bound, at });
    const isRough = (this.errorBound(at) ?? 0) > roughBound;
    if (this.#left === 0) this.#dueAt = later(at, isRough ? againInterval : slowInterval);
    return news;
  }

  /** The site's clock less the monotonic one, in µs; `undefined` while nobody has answered. */
  offset(at: Instant): number | undefined {
    return this.#best(at)?.offset;
  }

  /** How wrong `offset` can be. */
  errorBound(at: Instant): Millis | undefined {
    const best = this.#best(at);
    return best === undefined ? undefined : millis(boundAt(best, at) / 1000);
  }

  /** The time at the site; `undefined` while nobody has answered. */
  siteTime(at: Instant): Micros | undefined {
    const offset = this.offset(at);
    return offset === undefined ? undefined : micros(at * 1000 + offset);
  }

  #take(sample: Sample): ClockNews {
    const best = this.#best(sample.at);
    if (best === undefined) {
      this.#samples = [sample];
      return { kind: "first" };
    }
    const difference = sample.offset - best.offset;
    if (Math.abs(difference) > sample.bound + boundAt(best, sample.at)) {
      this.#samples = [sample];
      this.steps += 1;
      this.askSoon(later(sample.at, burstInterval));
      return { kind: "stepped", by: difference / 1000 };
    }
    this.#samples = [...this.#samples, sample].slice(-samplesMax);
    return { kind: "kept" };
  }

  /** The sample that bounds best now: the clocks may have drifted apart since it was taken. */
  #best(at: Instant): Sample | undefined {
    let best: Sample | undefined;
    for (const sample of this.#samples) {
      if (best === undefined || boundAt(sample, at) <= boundAt(best, at)) best = sample;
    }
    return best;
  }
}

/** In µs. */
const boundAt = ({ bound, at }: Sample, now: Instant): number =>
  bound + Math.max(between(at, now), 0) * 1000 * driftMax;
