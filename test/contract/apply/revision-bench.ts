// A node's revisions as the agent has them, over the real switchboard, with modules that a test plays.

import { createHash } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import { AgentClock } from "@interactor/agent/src/agent-clock.ts";
import { AgentInstances } from "@interactor/agent/src/agent-instances.ts";
import { AgentReport } from "@interactor/agent/src/agent-report.ts";
import { AgentRevision } from "@interactor/agent/src/agent-revision.ts";
import { AgentStop } from "@interactor/agent/src/agent-stop.ts";
import type { KnownClock } from "@interactor/agent/src/core/apply/group-vote.ts";
import { FirstWords } from "@interactor/agent/src/core/link/first-words.ts";
import { Outbox } from "@interactor/agent/src/core/outbox/outbox.ts";
import { Outputs } from "@interactor/agent/src/core/outputs/outputs.ts";
import { Report } from "@interactor/agent/src/core/report/report.ts";
import { Switchboard } from "@interactor/agent/src/core/switchboard/switchboard.ts";
import type {
  InstanceSpec,
  ModuleHost,
  ModuleHostEvents,
  Succession,
  Verdict,
} from "@interactor/agent/src/ports/module-host.ts";
import type { ApplyStore } from "@interactor/agent/src/ports/apply-store.ts";
import type { HubFiles } from "@interactor/agent/src/ports/hub-files.ts";
import type { StateStore } from "@interactor/agent/src/ports/state-store.ts";
import { Fault } from "@interactor/shared/kernel/fault";
import { type Millis, millis } from "@interactor/shared/kernel/units";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { encodeRoundWord } from "@interactor/shared/wire/messages/group-words";
import type { RoundWord } from "@interactor/shared/wire/messages/group-round";
import { encodePlan, encodeTarget, type Plan, type Target } from "@interactor/shared/wire/messages/plan";
import { encodeStopLatch, type StopLatch, type ZoneLatch } from "@interactor/shared/wire/messages/stop";
import type { Value } from "@interactor/shared/wire/value";
import { memoryApplyStore, nothingFetched } from "./memory-apply-store.ts";

const quiet = () => undefined;
const nothingRuns = {
  revision: 0,
  digest: "",
  apply: { revision: 0, digest: "", phase: "idle" },
  owners: {},
  routes: [],
} as const;

const ports = {
  inputs: { level: { type: "int", actuator: true, stop: 0 } },
  outputs: { level: { type: "int" } },
} as const;

export interface Given {
  /** What earlier lives have kept. */
  readonly kept?: ApplyStore;
  readonly files?: HubFiles;
  readonly fixed?: readonly InstanceSpec[];
  readonly secrets?: Readonly<Record<string, string | Promise<string>>>;
  /** Show stops that earlier lives have kept. */
  readonly stops?: readonly ZoneLatch[];
}

/** A host whose instances come up at once, unless a test plays them otherwise. */
class PlayedHost implements ModuleHost {
  readonly did: string[] = [];
  readonly running = new Map<string, InstanceSpec>();
  /** What its modules answer; by default that all is well. */
  readonly verdicts = {
    prepare: new Map<string, string>(),
    reconfigure: "",
    beside: new Map<string, string>(),
    takeOver: new Map<string, string>(),
  };
  /** Those that were stopped for one that did not take over, and begin once more. */
  readonly keeping = new Set<string>();
  readonly #next = new Map<string, InstanceSpec>();
  /** By what stopped, the settings with which it shall start again at once. */
  readonly stoppedFor: (readonly [instance: string, next: unknown])[] = [];
  /** What a stop takes. */
  stopping: Promise<void> = Promise.resolve();
  /** Of every module that comes with the agent. */
  version = "1.0.0";
  /** Those that start only when a test says so. */
  readonly slow = new Set<string>();
  readonly events: ModuleHostEvents;
  readonly #applied: (line: string) => void;

  constructor(events: ModuleHostEvents, applied: (line: string) => void) {
    this.events = events;
    this.#applied = applied;
  }

  start(spec: InstanceSpec): void {
    this.did.push(`start ${spec.name}`);
    this.running.set(spec.name, spec);
    if (!this.slow.has(spec.name)) this.come(spec.name);
  }

  come(name: string): void {
    const spec = this.running.get(name);
    if (spec === undefined) return;
    this.events.declared(name, ports, { module: spec.module, version: this.version });
    this.events.started(name);
    this.events.stateChanged(name, { state: "running" });
  }

  emit(instance: string, value: Value): void {
    const at = { at: 0 as never, quality: 0, isUnsynchronised: false } as const;
    this.events.output({ instance, output: "level", value, ...at });
  }

  async prepare({ name }: InstanceSpec): Promise<Verdict> {
    return this.verdicts.prepare.get(name);
  }

  async selfTest(): Promise<Verdict> {
    return undefined;
  }

  async reconfigure(spec: InstanceSpec): Promise<Verdict> {
    this.did.push(`reconfigure ${spec.name}`);
    if (this.verdicts.reconfigure !== "") return this.verdicts.reconfigure;
    this.running.set(spec.name, spec);
    return undefined;
  }

  readonly beside: Succession = {
    has: (name) => this.running.has(name),
    start: async (spec) => {
      this.did.push(`start beside ${spec.name}`);
      const verdict = this.verdicts.beside.get(spec.name);
      if (verdict === undefined) this.#next.set(spec.name, spec);
      return verdict;
    },
    takeOver: async (name) => {
      this.did.push(`take over ${name}`);
      const spec = this.#next.get(name);
      const verdict = this.verdicts.takeOver.get(name);
      this.#next.delete(name);
      const old = this.running.get(name);
      if (verdict !== undefined && old !== undefined && this.keeping.has(name)) {
        this.events.tookOver?.(old);
        this.come(name);
      }
      if (verdict !== undefined || spec === undefined) return verdict ?? "nothing was started beside it";
      this.running.set(name, spec);
      this.events.tookOver?.(spec);
      this.come(name);
      return undefined;
    },
    end: async (name) => {
      if (this.#next.delete(name)) this.did.push(`end beside ${name}`);
    },
  };

  async stop(name: string, next?: InstanceSpec): Promise<void> {
    this.did.push(`stop ${name}`);
    this.stoppedFor.push([name, next?.settings]);
    await this.stopping;
    this.running.delete(name);
  }

  apply(instance: string, input: string, applied: { readonly value: Value } | undefined): void {
    this.#applied(`${instance}/${input} ${JSON.stringify(applied?.value)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.running.clear();
  }
}

export function targetOf(revision: number, given: Partial<Plan>, more: Partial<Target> = {}): Target {
  const plan = encodePlan({ ...emptyPlan, ...given });
  const digest = createHash("sha256").update(plan).digest("hex");
  const how = { hold: { kind: "none" }, probation: millis(500) } as const;
  return { v: 1, revision, digest, bytes: plan.length, plan, ...how, ...more };
}

export function revisionBench({
  kept = memoryApplyStore(),
  files = nothingFetched,
  fixed = [],
  secrets = {},
  stops = [],
}: Given = {}) {
  const applied: string[] = [];
  const votes: Uint8Array[] = [];
  const refused: string[] = [];
  const problems: (string | undefined)[] = [];
  const beginnings: string[] = [];
  const clock = new VirtualClock();
  const log = { info: quiet, warn: quiet, error: quiet };
  const siteClock = Object.assign(clock, { isSynchronised: true, own: () => clock.wall(), steer: quiet });
  const store: StateStore = {
    loadStop: async () => stops,
    saveStop: async () => undefined,
    loadLedgerMark: async () => undefined,
    saveLedgerMark: async () => undefined,
  };
  let known: KnownClock | undefined;
  const now = () => ({ instant: clock.now(), wall: clock.wall() });
  const session = sessionNumber(1);
  const outbox = new Outbox(session);
  const report = new Report(session);
  const switchboard: Switchboard = new Switchboard("pi", {
    apply: (address, each) => instances.apply(address.instance, address.port, each),
    ownersChanged: quiet,
    held: quiet,
  });
  const stop = new AgentStop({ zones: [], instances: fixed }, switchboard, {
    clock,
    log,
    store,
    refused: quiet,
    problem: quiet,
    changed: quiet,
  });
  const agentClock = new AgentClock(siteClock, outbox, report, log);
  const reporting = new AgentReport({
    report,
    clock: agentClock,
    outbox,
    switchboard,
    world: { log },
    modules: () => ({ problem: undefined, specs: [] }),
    stop: () => stop.report,
    apply: () => revision,
  });
  const parts = {
    fixed,
    switchboard,
    outputs: new Outputs(switchboard, outbox),
    reporting,
    stop,
    firstWords: new FirstWords(fixed, () => void beginnings.push("begin")),
    now,
    after: (work: () => void) => work(),
    declarationsChanged: quiet,
    problem: (words: string | undefined) => void problems.push(words),
    vote: (payload: Uint8Array) => void votes.push(payload),
    refused: (reason: string) => void refused.push(reason),
    escalated: (instance: string, reason: string): void => revision.escalated(instance, reason),
  };
  const opened: PlayedHost[] = [];
  const instances: AgentInstances = new AgentInstances(parts, (events) => {
    const host = new PlayedHost(events, (line) => void applied.push(line));
    opened.push(host);
    return host;
  });
  const [host] = opened;
  if (host === undefined) throw new Error("no host was opened");
  const revision: AgentRevision = new AgentRevision(
    {
      ...parts,
      instances,
      siteClock: {
        get known() {
          return known;
        },
      },
    },
    {
      clock: siteClock,
      random: { next: () => 0 },
      log,
      store,
      files,
      link: { open: () => ({ publish: quiet, close: () => Promise.resolve() }) },
      applyStore: kept,
      secrets: {
        async read(source) {
          const value = await secrets[Object.values(source).join()];
          if (value === undefined) throw new Fault("SECRET_MISSING", "it is not there");
          return value;
        },
      },
      openHost: () => host,
      restart: (reason) => {
        throw new Error(reason);
      },
    },
  );
  return {
    clock,
    host,
    instances,
    revision,
    votes,
    refused,
    problems,
    beginnings,
    report: () => report.take({ ...nothingRuns, clock: agentClock.report() }, clock.now()),
    /** What inputs were told since the last look. */
    told: () => applied.splice(0),
    knows(error: Millis) {
      known = { wall: clock.wall(), error };
    },
    get zones() {
      return stop.zones;
    },
    stop: (zone: string, latch: StopLatch) => stop.take(zone, encodeStopLatch(latch)),
    /** As an agent starts. */
    async begin() {
      await stop.load("own");
      await revision.start();
    },
    target: (target: Target) => revision.desired(encodeTarget(target)),
    word: (word: RoundWord) => revision.round(encodeRoundWord(word)),
    /** Until `look` gives something; the disk takes its own time. */
    async until<Found>(what: string, look: () => Found | undefined | false): Promise<Found> {
      for (let turn = 0; turn < 5000; turn += 1) {
        const found = look();
        if (found !== undefined && found !== false) return found;
        await after(1);
      }
      throw new Error(`it does not come that ${what}; it is ${JSON.stringify(revision.phase)}`);
    },
    /** Time passes, and every instance gives signs of life, until `look` gives something. */
    async live<Found>(what: string, look: () => Found | undefined | false): Promise<Found> {
      return await this.until(what, () => {
        for (const name of host.running.keys()) host.events.beat(name);
        clock.advance(millis(50));
        return look();
      });
    },
  };
}
