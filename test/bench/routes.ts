/**
 * What a value costs in the routes of one place: how long one route takes, and what the routes of one output cost
 * the values of another. CPU time; the subjects take turns in every run, so that they meet the same machine.
 */
import { setImmediate as turn } from "node:timers/promises";
import { instant, micros, millis } from "@interactor/shared/kernel/units";
import { prepareRoutes, RouteTable } from "@interactor/shared/routing/run-route";
import { routeOf } from "@interactor/shared/testing/builders";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { Operator } from "@interactor/shared/wire/messages/operator";
import { type Bench, type BenchContext, Samples } from "./bench.ts";

const runs = 5;
/** Values of one measurement, in ten parts between which the subjects take turns. */
const values = 200_000;
const parts = 10;
const crowd = 100;

export const routes: Bench = {
  name: "routes",
  about:
    "what a value costs in when, map and operators, and 100 routes on one output to the values of another",
  run,
};

interface Subject {
  readonly name: string;
  readonly metric: string;
  readonly table: RouteTable;
  readonly from: string;
}

const busy = "pi/sim/distance";
const quiet = "pi/sim/motion";
const whenAndMap = { when: "value > 0.2 && quality == 0", map: "scale(value, 0, 4, 1, 0)" };

/** A hundred readings at a time. */
const average: Operator = { kind: "window", span: millis(100), give: "avg" };

const tableOf = (...given: readonly Partial<CompiledRoute>[]): RouteTable =>
  new RouteTable(prepareRoutes(given.map((each, index) => routeOf({ name: `r${index}`, ...each }))));

const manyOn = (from: string, more: Partial<CompiledRoute> = {}): readonly Partial<CompiledRoute>[] =>
  Array.from({ length: crowd }, () => ({ from, ...whenAndMap, ...more }));

/** Longer than the bench is on its clock. */
const forLater: Operator = { kind: "delay", span: millis(24 * 3600 * 1000) };

function holding(table: RouteTable): RouteTable {
  table.offer(busy, { value: 1, unit: "m", quality: 0, at: micros(0) }, instant(0), () => undefined);
  return table;
}

const perRoute = "CPU time a value and route";
const perValue = "CPU time a value of an output with one route";

const subjects = (): readonly Subject[] => [
  { name: "nothing to do", metric: perRoute, table: tableOf({}), from: busy },
  { name: "when and map", metric: perRoute, table: tableOf(whenAndMap), from: busy },
  {
    name: "window, deadband and map",
    metric: perRoute,
    table: tableOf({ ...whenAndMap, through: [average, { kind: "deadband", by: 0.0001 }] }),
    from: busy,
  },
  {
    name: "from a filter",
    metric: perRoute,
    table: tableOf({ ...whenAndMap, from: "+/sim/distance" }),
    from: busy,
  },
  { name: "alone", metric: perValue, table: tableOf({ from: quiet, ...whenAndMap }), from: quiet },
  {
    name: `beside ${crowd} routes of another that hold something`,
    metric: perValue,
    table: holding(tableOf({ from: quiet, ...whenAndMap }, ...manyOn(busy, { through: [forLater] }))),
    from: quiet,
  },
  {
    name: `beside ${crowd} routes of another`,
    metric: perValue,
    table: tableOf({ from: quiet, ...whenAndMap }, ...manyOn(busy)),
    from: quiet,
  },
];

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(routes.name);
  const measured = subjects();
  for (const subject of measured) pass(subject, values / parts, 0);
  for (let count = 1; count <= runs; count += 1) {
    progress(`run ${count} of ${runs}`);
    const spent = new Map<Subject, number>();
    for (let part = 1; part <= parts; part += 1) {
      for (const subject of measured) {
        const took = pass(subject, values / parts, part);
        spent.set(subject, (spent.get(subject) ?? 0) + took);
        await turn(undefined, { signal });
      }
    }
    for (const [{ name, metric }, micros] of spent) samples.add(name, metric, "µs", micros / values);
  }
  return samples.rows();
}

/** Offers so many values, a millisecond apart, as a pump would: each followed by a look at what is due. In µs. */
function pass({ table, from }: Subject, count: number, part: number): number {
  let passed = 0;
  const sink = () => {
    passed += 1;
    return undefined;
  };
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1) {
    const at = instant(part * count + index);
    const sample = { value: 0.5 + (index % 100) / 50, unit: "m", quality: 0, at: micros(at * 1000) } as const;
    table.offer(from, sample, at, sink);
    table.flush(at, sink);
  }
  const { user, system } = process.cpuUsage(before);
  if (passed === 0) throw new Error("no value passed its route");
  return user + system;
}
