// kill -9 of the hub under events that it routes from one agent to another: what was acknowledged is done, once, in its
// order, and never later than its TTL. What was sent, confirmed and done is noted by the agents; who judges it shares no
// code with the hub.

import { setTimeout as after } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "@interactor/shared/kernel/random";
import { type HubProgram, startHub } from "../programs.ts";
import { type Done, DoingAgent } from "./doing-agent.ts";
import { LightAgent } from "./light-agent.ts";

const isLong = process.env["TEST_LONG"] !== undefined;
const seed = Number(process.env["SEED"] ?? 4);
const kills = isLong ? 500 : 10;
/** Of the source, each for as many inputs as there are lanes. */
const perSecond = 300;
const lanes = ["critical", "control", "telemetry"];

const routesWith = (ttl: string): string =>
  [
    "routes:",
    ...lanes.flatMap((lane) => [
      `  - name: by-${lane}`,
      "    from: source/counter/count",
      `    to: target/stage/${lane}`,
      `    lane: ${lane}`,
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

  constructor(hub: string) {
    this.#agent = new LightAgent(
      { hub, site: "demo", node: "source" },
      {
        sent: () => undefined,
        confirmed: (_session, lastSeq) => {
          while (this.confirmedAt.length <= lastSeq) this.confirmedAt.push(performance.now());
        },
        connected: () => undefined,
      },
    );
  }

  run(): void {
    const startedAt = performance.now();
    const before = this.produced;
    this.#timer = setInterval(() => {
      const due = before + ((performance.now() - startedAt) / 1000) * perSecond;
      for (; this.produced < due; this.produced += 1) this.#agent.produce(this.produced);
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

function judge(source: Source, done: readonly Done[], input: string): Judgement {
  const of = done.filter((each) => each.input === input);
  const times = new Map<number, number>();
  let [misordered, latest, before] = [0, 0, -1];
  for (const { value, at } of of) {
    times.set(value, (times.get(value) ?? 0) + 1);
    if (value < before) misordered += 1;
    before = value;
    latest = Math.max(latest, at - (source.confirmedAt[value] ?? at));
  }
  const lost = source.confirmedAt.filter((_at, value) => !times.has(value)).length;
  const twice = [...times.values()].filter((count) => count > 1).length;
  return { lost, twice, misordered, done: of.length, latest: Math.round(latest) };
}

async function kill(hub: HubProgram, away = 0): Promise<HubProgram> {
  await hub.signal("SIGKILL");
  await after(away);
  return startHub(hub.place);
}

test(
  `a hub that is killed ${kills} times loses no event, does none twice, and keeps the order`,
  { timeout: 600_000 },
  async () => {
    const random = seededRandom(seed);
    await using stack = new AsyncDisposableStack();
    let hub = await startHub({ routes: routesWith("5m") });
    const { dispose } = { dispose: () => hub[Symbol.asyncDispose]() };
    stack.defer(dispose);
    const target = stack.use(new DoingAgent({ hub: hub.mqtt, site: "demo", node: "target" }, lanes));
    const source = stack.use(new Source(hub.mqtt));
    await after(300);
    source.run();
    for (let count = 0; count < kills; count += 1) {
      await after(100 + random.next() * 300);
      hub = await kill(hub);
    }
    await after(300);
    await source.finish();
    await after(1000);

    const judgements = lanes.map((lane) => judge(source, target.done, lane));
    console.log(
      `events (SEED=${seed}): ${source.produced} produced, ${source.confirmedAt.length} confirmed`,
      judgements,
    );
    for (const judgement of judgements) expect(judgement).toMatchObject({ lost: 0, twice: 0, misordered: 0 });
    expect(source.confirmedAt).toHaveLength(source.produced);
    expect(source.produced).toBeGreaterThan(kills * 100);
  },
);
