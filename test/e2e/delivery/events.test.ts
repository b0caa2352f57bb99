// kill -9 of the hub under events that it routes from one agent to another: what was acknowledged is done, once, in its
// order, and never later than its TTL. What was sent, confirmed and done is noted by the agents; who judges it shares no
// code with the hub.

import { setTimeout as after } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { apiPaths, ledgerResponse } from "@interactor/shared/wire/api";
import { type Lane, lane as laneNumber } from "@interactor/shared/wire/lanes";
import { type HubProgram, startHub } from "../programs.ts";
import { DoingAgent } from "./doing-agent.ts";
import { LightAgent } from "./light-agent.ts";

const isLong = process.env["TEST_LONG"] !== undefined;
const seed = Number(process.env["SEED"] ?? 4);
const kills = isLong ? 500 : 10;
/** Of the source, each for as many inputs as there are lanes. */
const perSecond = 300;
/** So much is produced before it is done. */
const ahead = 500;
const lanes = ["critical", "control", "telemetry"];

const members = ["target", "second"];
/** One of a group takes each. */
const strategies = ["round-robin", "random"];
const inputs = [...lanes, ...strategies];

const routesWith = (ttl: string): string =>
  [
    "groups:",
    `  both: [${members.join(", ")}]`,
    "routes:",
    ...inputs.flatMap((input) => [
      `  - name: by-${input}`,
      "    from: source/counter/count",
      ...(lanes.includes(input)
        ? [`    to: target/stage/${input}`, `    lane: ${input}`]
        : [`    to: { group: both, input: stage/${input}, strategy: ${input} }`]),
      `    ttl: ${ttl}`,
    ]),
  ].join("\n");

/** A source that counts, and what is known of its numbers. */
class Source implements AsyncDisposable {
  produced = 0;
  /** When each number was confirmed, in ms. */
  readonly confirmedAt: number[] = [];
  readonly #agent: LightAgent;
  #timer: NodeJS.Timeout | undefined;

  constructor(hub: string, lane: Lane) {
    this.#agent = new LightAgent(
      { hub, site: "demo", node: "source", lane },
      {
        sent: () => undefined,
        confirmed: (_session, lastSeq) => {
          while (this.confirmedAt.length <= lastSeq) this.confirmedAt.push(performance.now());
        },
        connected: () => undefined,
      },
    );
  }

  /** `done`: how much was done of what was done least. */
  run(done: () => number): void {
    const startedAt = performance.now();
    const before = this.produced;
    this.#timer = setInterval(() => {
      const due = before + ((performance.now() - startedAt) / 1000) * perSecond;
      // A slow machine shall not reach the bounds of the queues, which lose by right.
      for (; this.produced < Math.min(due, done() + ahead); this.produced += 1)
        this.#agent.produce(this.produced);
    }, 3);
  }

  async finish(): Promise<void> {
    clearInterval(this.#timer);
    for (let waited = 0; this.#agent.queued > 0; waited += 20) {
      if (waited > 30_000) throw new Error("not everything was confirmed within half a minute");
      await after(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#agent.end();
  }
}

interface Judgement {
  readonly lost: number;
  readonly twice: number;
  readonly misordered: number;
  /** Done, and the longest after it was confirmed. */
  readonly done: number;
  readonly latest: number;
}

/** Of what was told to one input, at each node by itself in its order, at all of them together once. */
function judge(source: Source, agents: readonly DoingAgent[], input: string): Judgement {
  const times = new Map<number, number>();
  let [misordered, latest] = [0, 0];
  for (const { done } of agents) {
    let before = -1;
    for (const { value, at } of done.filter((each) => each.input === input)) {
      times.set(value, (times.get(value) ?? 0) + 1);
      if (value < before) misordered += 1;
      before = value;
      latest = Math.max(latest, at - (source.confirmedAt[value] ?? at));
    }
  }
  const lost = source.confirmedAt.filter((_at, value) => !times.has(value)).length;
  const twice = [...times.values()].filter((count) => count > 1).length;
  return { lost, twice, misordered, done: times.size, latest: Math.round(latest) };
}

class Scene implements AsyncDisposable {
  hub: HubProgram;
  readonly source: Source;
  readonly agents: readonly DoingAgent[];

  private constructor(hub: HubProgram, lane: Lane) {
    this.hub = hub;
    this.agents = members.map((node) => new DoingAgent({ hub: hub.mqtt, site: "demo", node }, inputs));
    this.source = new Source(hub.mqtt, lane);
  }

  static async open(ttl: string, lane: Lane = laneNumber.telemetry): Promise<Scene> {
    const scene = new Scene(await startHub({ routes: routesWith(ttl) }), lane);
    await after(300);
    return scene;
  }

  get leastDone(): number {
    const counts = inputs.map((input) =>
      this.agents.reduce((sum, agent) => sum + (agent.counts.get(input) ?? 0), 0),
    );
    return Math.min(...counts);
  }

  async killHub(away = 0): Promise<void> {
    await this.hub.signal("SIGKILL");
    await after(away);
    this.hub = await startHub(this.hub.place);
  }

  /** Everything was confirmed, and there was time to do it. */
  async settled(): Promise<void> {
    await this.source.finish();
    for (let waited = 0; this.leastDone < this.source.produced && waited < 5000; waited += 100)
      await after(100);
    // What is done twice would come now.
    await after(300);
  }

  report(): readonly Judgement[] {
    const { produced, confirmedAt } = this.source;
    const judgements = inputs.map((input) => ({ input, ...judge(this.source, this.agents, input) }));
    console.log(`events (SEED=${seed}): ${produced} produced, ${confirmedAt.length} confirmed`, judgements);
    expect(confirmedAt).toHaveLength(produced);
    return judgements;
  }

  /** By its own books. */
  async isBalanced(): Promise<boolean> {
    return ledgerResponse.parse(JSON.parse((await this.hub.get(apiPaths.ledger)).text)).balanced;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.agents) await agent[Symbol.asyncDispose]();
    await this.source[Symbol.asyncDispose]();
    await this.hub[Symbol.asyncDispose]();
  }
}

const timeout = isLong ? 3_600_000 : 180_000;
/** Between two kills, in ms: so that each meets the hub at another point of its work, also at its beginning. */
const pauseOf = (random: ReturnType<typeof seededRandom>) => random.next() * 400;

// What is critical has its effect before it is written, and may come again.
test.each(["telemetry", "critical"] as const)(
  `a hub that is killed ${kills} times loses no event that comes by the lane %s, has none done twice, and keeps the order`,
  { timeout },
  async (lane) => {
    const random = seededRandom(seed);
    await using scene = await Scene.open("5m", laneNumber[lane]);
    scene.source.run(() => scene.leastDone);
    for (let count = 0; count < kills; count += 1) {
      await after(pauseOf(random));
      await scene.killHub();
    }
    await after(300);
    await scene.settled();

    for (const judgement of scene.report())
      expect(judgement).toMatchObject({ lost: 0, twice: 0, misordered: 0 });
    expect(scene.source.produced).toBeGreaterThan(kills * 50);
    expect(await scene.isBalanced()).toBe(true);
  },
);

test("what a hub that is killed had for a node that was away waits for it, and is counted when it is too old", async () => {
  const routes = [
    "routes:",
    ...[
      ["waits", "5m"],
      ["expires", "300ms"],
    ].flatMap(([input, ttl]) => [
      `  - { name: ${input}, from: source/counter/count, to: late/stage/${input}, ttl: ${ttl} }`,
    ]),
  ].join("\n");
  const count = 100;
  await using hub = await startHub({ routes });
  await using source = new Source(hub.mqtt, laneNumber.telemetry);
  source.run(() => count - ahead);
  while (source.confirmedAt.length < count) await after(10);
  await hub.signal("SIGKILL");
  await after(500);

  await using next = await startHub(hub.place);
  await after(500);
  await using late = new DoingAgent({ hub: next.mqtt, site: "demo", node: "late" }, ["waits", "expires"]);
  for (let waited = 0; late.done.length < count && waited < 5000; waited += 50) await after(50);
  await after(200);

  const numbers = Array.from({ length: count }, (_, number) => ({ input: "waits", value: number }));
  expect(late.done.map(({ input, value }) => ({ input, value }))).toEqual(numbers);
  const { balanced, nodes } = ledgerResponse.parse(JSON.parse((await next.get(apiPaths.ledger)).text));
  const told = nodes.find(({ node }) => node === "late")?.down.find(({ lane }) => lane === "telemetry");
  expect(told).toMatchObject({ produced: 2 * count, losses: { "expired ttl": count } });
  expect(balanced).toBe(true);
});

test("what has become too old while the hub was away is not done", { timeout }, async () => {
  const random = seededRandom(seed);
  const ttl = 300;
  await using scene = await Scene.open(`${ttl}ms`);
  scene.source.run(() => Number.POSITIVE_INFINITY);
  for (let count = 0; count < 4; count += 1) {
    await after(pauseOf(random));
    await scene.killHub(4 * ttl);
  }
  await scene.settled();

  expect(await scene.isBalanced()).toBe(true);
  for (const judgement of scene.report()) {
    expect(judgement).toMatchObject({ twice: 0, misordered: 0 });
    // The TTL, and the way of what was sent just in time on a slow machine; what came before the kill would be later.
    expect(judgement.latest).toBeLessThan(3 * ttl);
  }
});
