/** A process with many agents in it: the agent's own code over a light link, each with one steady output. */
import { systemClock, newSteering } from "@interactor/agent/src/adapters/clock-system.ts";
import { Agent } from "@interactor/agent/src/agent.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents } from "@interactor/agent/src/ports/module-host.ts";
import { seededRandom } from "@interactor/shared/kernel/random";
import { micros } from "@interactor/shared/kernel/units";
import { sessionOf } from "@interactor/shared/wire/session";
import { randomBytes } from "node:crypto";
import { memoryApplyStore, noSecrets, nothingFetched } from "../../contract/apply/memory-apply-store.ts";
import { answerRequests } from "../../e2e/remote.ts";
import type { FleetLook, FleetRequest } from "./fleet.ts";
import { lightLink } from "./light-link.ts";

/** When attempts were made, and what else is told of the fleet. */
class Watch {
  up = 0;
  confirmed = 0;
  said = 0;
  #attempts: number[] = [];
  /** When each agent made its first one, by its number. */
  #first = new Map<number, number>();

  attempted(index: number): void {
    const at = performance.now();
    this.#attempts.push(at);
    if (!this.#first.has(index)) this.#first.set(index, at);
  }

  changed(by: 1 | -1): void {
    this.up += by;
  }

  forgetAttempts(): void {
    this.#attempts = [];
    this.#first = new Map();
  }

  look(): FleetLook {
    const { up, confirmed, said } = this;
    const first = [...this.#first.values()];
    const firstSpan = first.length === 0 ? 0 : Math.max(...first) - Math.min(...first);
    const attempts = this.#attempts.length;
    return { up, confirmed, said, attempts, firstSpan, busiestSecond: busiest(this.#attempts) };
  }
}

const watch = new Watch();
const agents: Agent[] = [];
let isSpeaking = true;

answerRequests(async (asked) => {
  const question = asked as FleetRequest;
  switch (question.kind) {
    case "start":
      await Promise.all(Array.from({ length: question.nodes }, (_, index) => start(index, question)));
      return watch.look();
    case "look":
      return watch.look();
    case "forget":
      watch.forgetAttempts();
      return watch.look();
    case "hush":
      isSpeaking = false;
      return watch.look();
    default:
      throw new Error(`unknown question ${JSON.stringify(question)}`);
  }
});

type Start = FleetRequest & { kind: "start" };

async function start(index: number, { port, perSecond, failing }: Start): Promise<void> {
  const node = `n${String(index).padStart(3, "0")}`;
  const clock = systemClock(newSteering());
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const agent = new Agent(
    {
      site: "demo",
      node,
      unit: `unit-${node}`,
      version: "0.1.0",
      session: sessionOf(randomBytes(8)),
      zones: [],
      instances: [{ name: "sim", module: "steady", settings: {} }],
    },
    {
      clock,
      random: seededRandom(index),
      log: quiet,
      link: lightLink(port, {
        attempted: () => watch.attempted(index),
        changed: (by) => watch.changed(by),
        confirmed: () => void (watch.confirmed += 1),
      }),
      store: {
        loadStop: () => Promise.resolve([]),
        saveStop: () => Promise.resolve(),
        loadLedgerMark: () => Promise.resolve(undefined),
        saveLedgerMark: () => Promise.resolve(),
      },
      applyStore: memoryApplyStore(),
      files: nothingFetched,
      secrets: noSecrets,
      restart: (reason) => {
        throw new Error(reason);
      },
      openHost: (events) =>
        steadyHost(events, { perSecond, first: index, clock, isFailing: failing.includes(index) }),
    },
  );
  agents.push(agent);
  await agent.start();
}

interface Steady {
  readonly perSecond: number;
  readonly first: number;
  readonly clock: ReturnType<typeof systemClock>;
  readonly isFailing: boolean;
}

/** A setting that only this host knows what to do with: a self-test fails by it, on nodes that are to fail. */
const isBad = (settings: unknown): boolean => /"seed":13\b/.test(JSON.stringify(settings));

/** A host whose instances say that they live; the one called `sim` gives a value at a steady pace, as a sensor does. */
function steadyHost(events: ModuleHostEvents, steady: Steady): ModuleHost {
  const running = new Map<string, InstanceSpec>();
  const timers = new Set<NodeJS.Timeout>();
  const beat = (): void => {
    for (const name of running.keys()) events.beat(name);
  };
  timers.add(setInterval(beat, 1000));
  return {
    start(instance) {
      const { name, module, version = "0.1.0" } = instance;
      running.set(name, instance);
      const outputs = { level: { type: "int", deliver: "every" } } as const;
      events.declared(name, { inputs: {}, outputs }, { module, version });
      events.started(name);
      events.stateChanged(name, { state: "running" });
      events.beat(name);
      if (name === "sim") sayAtAPace(events, steady, timers);
    },
    apply: () => undefined,
    prepare: () => Promise.resolve(undefined),
    selfTest: (name) =>
      Promise.resolve(
        steady.isFailing && isBad(running.get(name)?.settings) ? "its lamp does not light" : undefined,
      ),
    reconfigure: () => Promise.resolve(undefined),
    stop: async (name) => void running.delete(name),
    [Symbol.asyncDispose]: async () => timers.forEach((timer) => clearInterval(timer)),
  };
}

function sayAtAPace(
  events: ModuleHostEvents,
  { perSecond, first, clock }: Steady,
  timers: Set<NodeJS.Timeout>,
): void {
  let value = 0;
  const interval = 1000 / perSecond;
  const say = () => {
    if (!isSpeaking) return;
    value += 1;
    watch.said += 1;
    const isUnsynchronised = !clock.isSynchronised;
    const at = micros(clock.wall());
    events.output({ instance: "sim", output: "level", value, at, quality: 0, isUnsynchronised });
  };
  // Sensors are not in step with each other.
  setTimeout(() => timers.add(setInterval(say, interval)), (first * 7919) % interval);
}

/** The most attempts that began within one second. */
function busiest(attempts: readonly number[]): number {
  let most = 0;
  let from = 0;
  for (const [index, at] of attempts.entries()) {
    while ((attempts[from] ?? at) <= at - 1000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}
