/** Two sites play the same recording side by side: which inputs would have been told something else, and when first. */
import { Replay, type Places, type Reading, type ReplayOutput } from "@interactor/shared/routing/replay";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { type Micros, micros } from "@interactor/shared/kernel/units";
import { encodeCbor } from "@interactor/shared/wire/cbor";
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

/** How long after the last value what is held may still come out: the longest that a step may hold is a day. */
const settleMicros = 60 * 1e6;

/** Each list is what one place runs: the hub, and every node. */
export const placesOf = ({ hub, nodes }: CompiledSite): Places =>
  [hub, ...Object.values(nodes)].map(({ routes }) => Object.values(routes));

export const endOfRecording = (readings: readonly Reading[], from: Micros): Micros =>
  micros((readings.at(-1)?.at ?? from) + settleMicros);

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
  const end = endOfRecording(readings, from);
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
