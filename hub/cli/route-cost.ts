/** Which routes would be slower: what each value takes in the computer, where it goes, and how long steps keep it. */
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { Micros } from "@interactor/shared/kernel/units";
import { type Reading, Replay } from "@interactor/shared/routing/replay";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { fits } from "@interactor/shared/wire/output-filter";
import { formatSpan } from "./output.ts";

export interface SlowerRoute {
  readonly route: string;
  readonly words: string;
}

/** Each is played so often, and the best time counts: others use the machine too. */
const rounds = 3;
/** Fewer values tell nothing about the time that one takes. */
const readingsMin = 200;
/** Less is not told: it would be noise. */
const ratioTold = 1.5;
const microsTold = 2;

interface Placed {
  readonly route: CompiledRoute;
  /** `undefined`: on the hub. */
  readonly node: string | undefined;
}

/** Of the routes that are other ones than before; what is the same is as fast. */
export function slowerRoutes(
  before: CompiledSite | undefined,
  after: CompiledSite,
  readings: readonly Reading[],
): readonly SlowerRoute[] {
  const old = before === undefined ? new Map<string, Placed>() : placedRoutes(before);
  return [...placedRoutes(after)].flatMap(([name, placed]) => {
    const was = old.get(name);
    if (was === undefined || JSON.stringify(was) === JSON.stringify(placed)) return [];
    const words = [
      movedWords(was, placed),
      keptWords(was.route, placed.route),
      costWords(was, placed, readings),
    ];
    const told = words.filter((each) => each !== undefined);
    return told.length === 0 ? [] : [{ route: name, words: told.join("; ") }];
  });
}

function placedRoutes({ hub, nodes }: CompiledSite): ReadonlyMap<string, Placed> {
  const onHub = Object.values(hub.routes).map((route): [string, Placed] => [
    route.name,
    { route, node: undefined },
  ]);
  const onNodes = Object.entries(nodes).flatMap(([node, { routes }]) =>
    Object.values(routes).map((route): [string, Placed] => [route.name, { route, node }]),
  );
  return new Map([...onHub, ...onNodes]);
}

const movedWords = (was: Placed, is: Placed): string | undefined =>
  was.node !== undefined && is.node === undefined
    ? `ran on ${was.node} and would go through the hub: some milliseconds more, and not while the hub is away`
    : undefined;

/** What its steps keep a value for on purpose. */
const keptFor = ({ through = [] }: CompiledRoute): number =>
  through.reduce((sum, step) => sum + (step.kind === "delay" || step.kind === "debounce" ? step.span : 0), 0);

function keptWords(was: CompiledRoute, is: CompiledRoute): string | undefined {
  const more = keptFor(is) - keptFor(was);
  return more > 0 ? `its steps keep each value ${formatSpan(more)} longer` : undefined;
}

function costWords(was: Placed, is: Placed, readings: readonly Reading[]): string | undefined {
  const [before, after] = [costOf(was.route, readings), costOf(is.route, readings)];
  if (before === undefined || after === undefined) return undefined;
  if (after < before * ratioTold || after - before < microsTold) return undefined;
  const rounded = (cost: number): string => `${Number(cost.toPrecision(2))} µs`;
  return `takes ${rounded(after)} a value here, ${rounded(before)} before`;
}

/** µs a value; `undefined`: too few to tell. */
function costOf(route: CompiledRoute, readings: readonly Reading[]): number | undefined {
  const own = readings.filter(({ from }) => fits(route.from, from));
  const begin: Micros | undefined = own[0]?.at;
  if (begin === undefined || own.length < readingsMin) return undefined;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const replay = new Replay([[route]], begin, () => undefined);
    const startedAt = performance.now();
    for (const reading of own) replay.take(reading);
    best = Math.min(best, performance.now() - startedAt);
  }
  return (best * 1000) / own.length;
}
