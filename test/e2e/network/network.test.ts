// Peers that stall, crawl, flap, flood and are cut off, in a network of real namespaces: meanwhile the others work on,
// and soon after it heals the fleet is one again, with nothing lost and nothing done that was too late.

import { join } from "node:path";
import { afterAll, describe, expect } from "vitest";
import { percentile } from "../../bench/bench.ts";
import { isLong } from "../hostile/length.ts";
import { openNamespaces, requiresNamespaces } from "../namespaces.ts";
import { convergedWithin, lastOf } from "./convergence.ts";
import { durablesIn } from "./durable-judge.ts";
import { commandIntoGap, goThrough, type Outcome, untilHeard, zonesFor } from "./episode.ts";
import { type Fault, faults, hubAlone } from "./faults.ts";
import { FleetApart, nodeNames } from "./fleet-apart.ts";

const test = requiresNamespaces("iptables", "socat");

/** How long trouble lasts, in ms. */
const span = isLong ? 60_000 : 16_000;
/** So much of what healthy nodes say is seen before their next word, and half of it within this, in ms. */
const steady = { seenMin: 0.6, medianMax: 1000 };
/** While a flood keeps this machine busy, and whatever else runs on it: nobody is passed over. */
const flooded = { seenMin: 0.2, medianMax: 3000 };
/** What the hub may grow by: most of it is what V8 leaves for later under a flood. */
const growthMax = 256 * 1024 ** 2;

describe("a fleet of ten", () => {
  const options = { timeout: 120_000 + span };

  test("with all kinds of trouble at once works on, and is one again soon after", options, async () => {
    await using fleet = await FleetApart.open(zonesFor(faults));

    const outcome = await goThrough(fleet, faults, span);

    tell(faults, outcome);
    expectGoodEnd(fleet, faults, outcome);
  });

  test(
    "does nothing late after a short cut, works on when its hub is cut off, and is one again soon after",
    options,
    async () => {
      await using fleet = await FleetApart.open(zonesFor([hubAlone]));

      await expectNothingLate(fleet);
      const outcome = await goThrough(fleet, [hubAlone], span);

      tell([hubAlone], outcome);
      expectGoodEnd(fleet, [hubAlone], outcome);
    },
  );

  (isLong ? test : test.skip).each(faults)("with $name alone", options, async (fault) => {
    await using fleet = await FleetApart.open(zonesFor([fault]));

    for (let round = 0; round < 3; round += 1) {
      const outcome = await goThrough(fleet, [fault], span / 3);
      tell([fault], outcome);
      expectGoodEnd(fleet, [fault], outcome);
    }
  });

  afterAll(async () => {
    expect(await openNamespaces()).toEqual([]);
  });
});

/** What was on its way when a line was cut, for too short a time for anybody to notice, comes late and is not done. */
async function expectNothingLate(fleet: FleetApart): Promise<void> {
  await untilHeard(fleet);
  const replies = await commandIntoGap(fleet, ["n0", "n1"], 1000);

  expect(replies).toEqual(["expired no-answer", "expired no-answer"]);
  expect((await fleet.hub.nodes()).filter(({ state }) => state !== "ready")).toEqual([]);
  expect((await fleet.look()).nodes.filter(({ wasThirdLit }) => wasThirdLit)).toEqual([]);
}

function expectGoodEnd(fleet: FleetApart, suffered: readonly Fault[], outcome: Outcome): void {
  expectOthersWorked(suffered, outcome);
  expectStopped(suffered, outcome);
  const cut = cutBy(suffered);
  expect(outcome.replies).toEqual(cut.map(() => "expired node-away"));
  expect(outcome.after.nodes.filter(({ wasThirdLit }) => wasThirdLit)).toEqual([]);
  expect(lastOf(outcome.times, nodeNames)).toBeLessThan(convergedWithin);
  expect(outcome.growth).toBeLessThan(growthMax);

  expect(outcome.ledger.balanced).toBe(true);
  const lanes = outcome.ledger.nodes.flatMap(({ up, down }) => [...up, ...down]);
  expect(lanes.filter(({ difference, missed }) => difference !== 0 || missed !== 0)).toEqual([]);

  const durables = durablesIn(join(fleet.hub.data, "journal.sqlite"));
  for (const { node, said } of outcome.after.nodes) {
    expect(durables.get(`${node}/desk/count`)?.counters).toEqual(upTo(said.count));
    const visitors = durables.get(`${node}/visitor/visitors`)?.counters ?? [];
    expect(visitors).toEqual(upTo(visitors.length));
  }
}

const cutBy = (suffered: readonly Fault[]): readonly string[] =>
  suffered.flatMap(({ nodes, isCut }) => (isCut ? nodes : []));
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

function sparedBy(suffered: readonly Fault[]): readonly string[] {
  const suffering = new Set(suffered.flatMap(({ nodes }) => nodes));
  return nodeNames.filter((node) => !suffering.has(node));
}

/** Who is spared is there all the time, and is heard; who is cut off runs its own routes. */
function expectOthersWorked(suffered: readonly Fault[], { during, notReady, delays }: Outcome): void {
  const spared = sparedBy(suffered);
  const { seenMin, medianMax } = suffered.some(({ nodes }) => nodes.length === 0) ? flooded : steady;
  expect(spared.filter((node) => notReady.includes(node))).toEqual([]);
  for (const { values, lights } of seenOf(spared, delays)) {
    for (const each of [values, ...(lights === undefined ? [] : [lights])]) {
      expect(each.share).toBeGreaterThan(seenMin);
      expect(each.median).toBeLessThan(medianMax);
    }
  }
  const isAlone = (node: string) => node !== "n0" && cutBy(suffered).includes(node);
  for (const { said, channels } of during.nodes.filter(({ node }) => isAlone(node))) {
    // The last word may be on its way.
    expect(said.level - (channels[1] ?? 0)).toBeLessThanOrEqual(2);
  }
}

function expectStopped(suffered: readonly Fault[], { stopWords }: Outcome): void {
  const cut = cutBy(suffered);
  for (const node of cut) expect(stopWords.cut).toMatch(new RegExp(`^ {2}${node} {2}was away before`, "m"));
  for (const { nodes, name, isCut } of suffered) {
    // A flapping node may be away at that moment.
    if (isCut || name.startsWith("flapping")) continue;
    for (const node of nodes) expect(stopWords.late).toMatch(new RegExp(`^ {2}${node} {2}stopped`, "m"));
  }
}

interface Seen {
  readonly share: number;
  readonly median: number;
  readonly p99: number;
}

/** Of each of these nodes: its values at the hub, and its light at the next node if that is one of them too. */
function seenOf(nodes: readonly string[], delays: Outcome["delays"]) {
  return delays
    .filter(({ node }) => nodes.includes(node))
    .map(({ node, values, lights }) => {
      const next = nodeNames[(nodeNames.indexOf(node) + 1) % nodeNames.length] ?? node;
      return { node, values: seen(values), lights: nodes.includes(next) ? seen(lights) : undefined };
    });
}

function seen(delays: readonly (number | null)[]): Seen {
  const came = delays.filter((each) => each !== null);
  if (came.length === 0) return { share: 0, median: Number.NaN, p99: Number.NaN };
  return {
    share: came.length / delays.length,
    median: percentile(came, 0.5),
    p99: percentile(came, 0.99),
  };
}

const inSeconds = (span: number): string => `${(span / 1000).toFixed(1)} s`;
const words = ({ share, median, p99 }: Seen): string =>
  share === 0
    ? "none"
    : `${(100 * share).toFixed(0)} % seen, p50 ${median.toFixed(0)} p99 ${p99.toFixed(0)} ms`;

/** One line a fault, and one about those that were spared. */
function tell(suffered: readonly Fault[], outcome: Outcome): void {
  const { times, delays, growth, lostAfter } = outcome;
  const lines = suffered.map(({ name, nodes, isCut }) => {
    if (nodes.length === 0)
      return `${name}: the hub's memory grew by ${(growth / 1024 ** 2).toFixed(0)} MB at most`;
    const [values] = seenOf(nodes, delays);
    const meanwhile = isCut
      ? `lost within ${inSeconds(lostAfter)}`
      : `meanwhile its values: ${values === undefined ? "" : words(values.values)}`;
    const healed = (["ready", "desired", "values", "stop"] as const).map(
      (thing) => `${thing} ${inSeconds(lastOf(times, nodes, thing))}`,
    );
    return `${name} (${nodes.join(" ")}): ${meanwhile}; after healing: ${healed.join(", ")}`;
  });
  const spared = seenOf(sparedBy(suffered), delays);
  if (spared.length > 0) {
    const worst = spared.toSorted((a, b) => b.values.p99 - a.values.p99)[0];
    const routed = spared.flatMap(({ lights }) => lights ?? []).toSorted((a, b) => b.p99 - a.p99)[0];
    lines.push(
      `the others, the worst of them: values ${worst === undefined ? "" : words(worst.values)}` +
        `; routed ${routed === undefined ? "" : words(routed)}`,
    );
  }
  lines.push(`the fleet was one again ${inSeconds(lastOf(times, nodeNames))} after healing`);
  console.log(lines.join("\n"));
}
