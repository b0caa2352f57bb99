/** Two sites play the same recording side by side: which inputs would have been told something else, and when first. */
import { Replay, type Places, type Reading, type ReplayOutput } from "@interactor/shared/routing/replay";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { type Micros, micros, seconds } from "@interactor/shared/kernel/units";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { durationMax } from "@interactor/shared/wire/limits";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { fits, hasWildcard } from "@interactor/shared/wire/output-filter";
import type { Value } from "@interactor/shared/wire/value";

export interface Told {
  readonly at: Micros;
  readonly value: Value;
}

export interface InputDifference {
  /** `node/instance/input`, or with a group's name in the place of the node's. */
  readonly to: string;
  /** How many values it was told. */
  readonly before: number;
  readonly after: number;
  /** Moments at which it was told something else. */
  readonly moments: number;
  /** The first of them; `undefined` on one side: it was told nothing then. */
  readonly first: {
    readonly at: Micros;
    readonly before: Told | undefined;
    readonly after: Told | undefined;
  };
}

export interface Comparison {
  readonly inputs: readonly InputDifference[];
  /** Inputs that were told just the same. */
  readonly alike: number;
  readonly before: { readonly outputs: number; readonly failed: ReadonlyMap<string, string> };
  readonly after: { readonly outputs: number; readonly failed: ReadonlyMap<string, string> };
}

/** So long after the last value it is played at least, for what comes out by itself. */
const settleMin = seconds(60);

/** Each list is what one place runs: the hub, and every node. */
export const placesOf = ({ hub, nodes }: CompiledSite): Places =>
  [hub, ...Object.values(nodes)].map(({ routes }) => Object.values(routes));

/** When the last of what is held has come out, on the slowest of these routes; after a day it is played no further. */
export function endOfRecording(readings: readonly Reading[], from: Micros, places: Places): Micros {
  const longest = places.flat().reduce<number>((most, route) => Math.max(most, keepsFor(route)), settleMin);
  return micros((readings.at(-1)?.at ?? from) + Math.min(longest, durationMax) * 1000);
}

/** All of its steps, one after the other. */
const keepsFor = ({ throttle, through = [] }: CompiledRoute): number =>
  through.reduce((sum, step) => sum + ("span" in step ? step.span : 0), Number(throttle ?? 0));

/** Routes that nothing in the recording feeds: what they would have done, it does not show. */
export function notPlayed(readings: readonly Reading[], places: Places): readonly string[] {
  const all = new Set(readings.map(({ from }) => from));
  const isFed = ({ from }: CompiledRoute): boolean =>
    hasWildcard(from) ? [...all].some((each) => fits(from, each)) : all.has(from);
  const names = places.flatMap((routes) => routes.filter((route) => !isFed(route)).map(({ name }) => name));
  return names.toSorted();
}

export interface Sides {
  readonly before: Places;
  readonly after: Places;
  /** Told of each output of the new site, in order. */
  readonly given: (output: ReplayOutput) => void;
}

export function compareReplays(
  readings: readonly Reading[],
  from: Micros,
  { before, after, given }: Sides,
): Comparison {
  const [old, fresh] = [new Side(before, from), new Side(after, from, given)];
  const inputs = new Map<string, { moments: number; first: InputDifference["first"] }>();
  const compare = (): void => {
    const told = old.take();
    const anew = fresh.take();
    for (const to of new Set([...told.keys(), ...anew.keys()])) {
      const [left, right] = [told.get(to) ?? [], anew.get(to) ?? []];
      const place = firstDifference(left, right);
      if (place === undefined) continue;
      const known = inputs.get(to);
      const [one, other] = [left[place], right[place]];
      const at = micros(Math.min(one?.at ?? Number.MAX_SAFE_INTEGER, other?.at ?? Number.MAX_SAFE_INTEGER));
      if (known === undefined) inputs.set(to, { moments: 1, first: { at, before: one, after: other } });
      else known.moments += 1;
    }
  };
  for (const reading of readings) {
    old.replay.take(reading);
    fresh.replay.take(reading);
    compare();
  }
  const end = endOfRecording(readings, from, [...before, ...after]);
  old.replay.end(end);
  fresh.replay.end(end);
  compare();
  const all = new Set([...old.counts.keys(), ...fresh.counts.keys()]);
  return {
    inputs: [...inputs]
      .map(([to, difference]) => ({
        to,
        before: old.counts.get(to) ?? 0,
        after: fresh.counts.get(to) ?? 0,
        ...difference,
      }))
      .toSorted((left, right) => left.first.at - right.first.at || (left.to < right.to ? -1 : 1)),
    alike: all.size - inputs.size,
    before: old.sum(),
    after: fresh.sum(),
  };
}

class Side {
  readonly replay: Replay;
  /** By input. */
  readonly counts = new Map<string, number>();
  #given = new Map<string, Told[]>();

  constructor(places: Places, from: Micros, told?: (output: ReplayOutput) => void) {
    this.replay = new Replay(places, from, (output) => {
      const { to, at, value } = output;
      const given = this.#given.get(to);
      if (given === undefined) this.#given.set(to, [{ at, value }]);
      else given.push({ at, value });
      this.counts.set(to, (this.counts.get(to) ?? 0) + 1);
      told?.(output);
    });
  }

  /** What came out since the last time, by input. */
  take(): ReadonlyMap<string, readonly Told[]> {
    const given = this.#given;
    if (given.size > 0) this.#given = new Map();
    return given;
  }

  sum(): Comparison["after"] {
    const { runners } = this.replay;
    const failed = runners.filter((runner) => runner.failed > 0);
    return {
      outputs: [...this.counts.values()].reduce((sum, count) => sum + count, 0),
      failed: new Map(failed.map(({ route, error = "" }) => [route.name, error])),
    };
  }
}

/** The place of the first that is another one, or that one of them lacks. */
function firstDifference(left: readonly Told[], right: readonly Told[]): number | undefined {
  for (let place = 0; place < Math.max(left.length, right.length); place += 1) {
    const [one, other] = [left[place], right[place]];
    if (one === undefined || other === undefined) return place;
    if (one.at !== other.at || !isSame(one.value, other.value)) return place;
  }
  return undefined;
}

function isSame(left: Value, right: Value): boolean {
  if (typeof left !== "object" || typeof right !== "object") return Object.is(left, right);
  return Buffer.from(encodeCbor(left)).equals(encodeCbor(right));
}
