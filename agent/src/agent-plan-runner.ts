/**
 * Acts on a plan over the instances and the switchboard: touches what changes and nothing else, and watches afterwards
 * whether it is well.
 */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { Clock } from "@interactor/shared/kernel/clock";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import { prepareRoute, type RouteFault } from "@interactor/shared/routing/run-route";
import type { InstanceChange, PlanChanges } from "@interactor/shared/site/plan-changes";
import { withSecrets } from "@interactor/shared/site/secret-places";
import { instancesMax, zonesPerNodeMax } from "@interactor/shared/wire/limits";
import type { Plan, PlannedInstance } from "@interactor/shared/wire/messages/plan";
import type { AgentBundles } from "./agent-bundles.ts";
import type { AgentInstances } from "./agent-instances.ts";
import { AgentProbe } from "./agent-probe.ts";
import { startInOrder, startWaves } from "./agent-start-order.ts";
import type { AgentStop } from "./agent-stop.ts";
import { AgentTakeovers, type TakeoversParts } from "./agent-takeovers.ts";
import { Probation } from "./core/apply/probation.ts";
import type { FirstWords } from "./core/link/first-words.ts";
import type { Outputs } from "./core/outputs/outputs.ts";
import type { Now, Switchboard } from "./core/switchboard/switchboard.ts";
import type { InstanceSpec } from "./ports/module-host.ts";
import type { PlanRunner } from "./ports/plan-runner.ts";
import type { Secrets } from "./ports/secrets.ts";

export interface PlanRunnerParts {
  /** Instances of the node's own file, which no plan may touch. */
  readonly fixed: readonly { readonly name: string }[];
  readonly instances: AgentInstances;
  readonly switchboard: Switchboard;
  readonly outputs: Outputs;
  readonly firstWords: FirstWords;
  readonly stop: Pick<AgentStop, "mayBeIn" | "planned" | "hasLeft">;
  readonly secrets: Secrets;
  readonly bundles: Pick<AgentBundles, "whole">;
  readonly clock: Clock;
  readonly now: () => Now;
  readonly after: (work: () => void) => void;
  /** What the node says of itself in its birth is another. */
  readonly declarationsChanged: () => void;
  /** What keeps the plan from running wholly, in words for people; `undefined`: nothing does. */
  readonly problem: (words: string | undefined) => void;
}

/** The secret that an instance lacks to be started is looked for again after this: its disk may come later. */
const lackAgainAfter = seconds(10);
/** What a node lacks, and may have later. */
const passing: ReadonlySet<string> = new Set(["SECRET_MISSING", "BUNDLE_DAMAGED"]);
/** Of what is wrong with a plan so many are told; the others are counted. */
const vetoesToldMax = 5;

interface Veto {
  readonly words: string;
  /** It may be well another time, without another plan. */
  readonly isPassing: boolean;
}

export class AgentPlanRunner implements PlanRunner {
  readonly #parts: PlanRunnerParts;
  readonly #fixed: ReadonlySet<string>;
  readonly #takeovers: AgentTakeovers;
  #plan: Plan | undefined;
  #changing: Promise<void> = Promise.resolve();
  #wellBefore: ReadonlySet<string> = new Set();
  #probe: AgentProbe | undefined;
  #isEnded = false;
  /** What is started now ran before. */
  #isBack = false;
  /** By instance that is not started yet: its secret is read, or waited for. Aborted, it is not started by that any more. */
  readonly #starting = new Map<string, AbortController>();

  constructor(parts: PlanRunnerParts) {
    this.#parts = parts;
    this.#fixed = new Set(parts.fixed.map(({ name }) => name));
    const specOf: TakeoversParts["specOf"] = (name, plan, planned) => this.#specOf(name, planned, plan);
    this.#takeovers = new AgentTakeovers({ instances: parts.instances, specOf });
  }

  async prepare(plan: Plan, changes: PlanChanges): Promise<void> {
    const names = Object.keys(plan.instances);
    const vetoes = names
      .filter((name) => this.#fixed.has(name))
      .map((name) => `instance "${name}" is in the node's own node.json already; take it out there`);
    if (names.length + this.#fixed.size > instancesMax)
      vetoes.push(`with those of its node.json it would have more than ${instancesMax} instances`);
    if (!this.#parts.stop.mayBeIn(plan.zones ?? []))
      vetoes.push(`with those it was started with it would be in more than ${zonesPerNodeMax} zones`);
    for (const route of plan.routes) {
      const prepared = prepareRoute(route);
      if (!prepared.ok) vetoes.push(`route "${route.name}": ${wordsOf(prepared.error)}`);
    }
    const asked = names.filter((name) => !this.#fixed.has(name) && changes.instances[name] !== "untouched");
    const answers = await Promise.all(asked.map((name) => this.#vetoOf(name, plan)));
    const answered = answers.flatMap((veto) => (veto === undefined ? [] : [veto]));
    const isPassing = vetoes.length === 0 && answered.every((veto) => veto.isPassing);
    vetoes.push(...answered.map(({ words }) => words));
    if (vetoes.length === 0) return;
    const more = vetoes.length - vetoesToldMax;
    const told = [...vetoes.slice(0, vetoesToldMax), ...(more > 0 ? [`and ${more} more`] : [])];
    throw new Fault(isPassing ? "SECRET_MISSING" : "VETO", told.join("; "));
  }

  /** One after the other: the way back begins where the way forward has got to. */
  change(plan: Plan, changes: PlanChanges, isBack: boolean): Promise<void> {
    this.#probe?.end();
    const next = this.#changing.then(() => this.#change(plan, changes, isBack));
    this.#changing = next.catch(() => undefined);
    return next;
  }

  probe(plan: Plan, changes: PlanChanges, window: Millis): Promise<string | undefined> {
    const wellBefore = this.#wellBefore;
    const at = this.#parts.clock.now();
    this.#probe = new AgentProbe(this.#parts, new Probation({ plan, changes, wellBefore, window, at }));
    const tested = Object.keys(plan.instances).filter(
      (name) => changes.instances[name] !== "untouched" && !this.#fixed.has(name),
    );
    return this.#probe.watch(tested);
  }

  suspend(): void {
    this.#parts.switchboard.standStill();
  }

  resume(): void {
    const { after, now, outputs, switchboard } = this.#parts;
    after(() => switchboard.moveOn(outputs.latest, now()));
  }

  /** What a change still had to start is not started any more, and what is watched gets no verdict. */
  stop(): void {
    this.#isEnded = true;
    this.#probe?.leave();
    for (const starting of this.#starting.values()) starting.abort();
  }

  async #change(plan: Plan, planChanges: PlanChanges, isBack: boolean): Promise<void> {
    const { after, clock, declarationsChanged, firstWords, instances, now, outputs, stop, switchboard } =
      this.#parts;
    this.#isBack = isBack;
    // Before anything is touched: where one cannot be brought up, all goes on as it is.
    const touchable = Object.entries(planChanges.instances).filter(([name]) => !this.#fixed.has(name));
    const changes = await this.#takeovers.begin(plan, Object.fromEntries(touchable), isBack);
    const are = (...kinds: readonly InstanceChange[]): readonly string[] =>
      Object.keys(changes).filter((name) => {
        const change = changes[name];
        return change !== undefined && kinds.includes(change);
      });
    const before = this.#plan?.instances ?? {};
    this.#plan = plan;
    after(() => {
      // A show stop of a zone that it comes to be in holds before anything of it begins.
      if (stop.planned(plan.zones ?? [])) declarationsChanged();
    });
    this.#wellBefore = instances.sightings.well;
    firstWords.planned(are("start", "restart"));
    for (const name of are("stop", "start", "restart", "take-over", "re-configure")) this.#forgetStart(name);
    // Who goes lets go of lines and universes that another one wants. What is half-way there may run already.
    for (const wave of startWaves(are("stop", "start", "restart"), before).toReversed())
      await Promise.all(wave.map((name) => this.#stop(name, plan, changes[name] !== "stop")));
    const runners = plan.routes.flatMap((route) => {
      const prepared = prepareRoute(route);
      return prepared.ok ? [prepared.value] : [];
    });
    after(() => {
      switchboard.setInputs(plan, now());
      instances.scenes(switchboard.sceneInputs);
      switchboard.setRoutes(runners, outputs.latest, now());
      // A show stop of a zone that it has left holds until nothing of the old plan runs.
      stop.hasLeft();
    });
    this.#tellProblems(plan, plan.routes.length - runners.length);
    const fallen = await this.#takeovers.takeOver(are("take-over"), isBack);
    await Promise.all(fallen.map((name) => this.#stop(name, plan, true)));
    await Promise.all(are("re-configure").map((name) => this.#reconfigure(name, plan)));
    const start = (name: string): Promise<void> => this.#start(name, plan);
    await startInOrder([...are("start", "restart"), ...fallen], plan.instances, {
      clock,
      comingUp: instances.comingUp,
      start,
    });
  }

  /** Of a plan that was prepared by another version of this agent, or beside another node.json. */
  #tellProblems(plan: Plan, routesLeftOut: number): void {
    const taken = Object.keys(plan.instances).find((name) => this.#fixed.has(name));
    if (taken !== undefined)
      return this.#parts.problem(`instance "${taken}" of its revision is in its node.json too, which wins`);
    return this.#parts.problem(
      routesLeftOut === 0 ? undefined : `${routesLeftOut} routes of its revision cannot run on this agent`,
    );
  }

  async #vetoOf(name: string, plan: Plan): Promise<Veto | undefined> {
    const planned = own(plan.instances, name);
    if (planned === undefined) return undefined;
    try {
      const spec = await this.#specOf(name, planned, plan);
      const verdict = await this.#parts.instances.prepare(spec);
      // What could not be asked, because its bundle was damaged just now, has no veto.
      if (verdict !== undefined) await spec.whole?.();
      return verdict === undefined ? undefined : { words: `${name}: ${verdict}`, isPassing: false };
    } catch (error) {
      const isPassing = error instanceof Fault && passing.has(error.code);
      return { words: `${name}: ${messageOf(error)}`, isPassing };
    }
  }

  /** What cannot be started takes leave: nobody knows when it comes. */
  async #stop(name: string, plan: Plan, isBack: boolean): Promise<void> {
    const planned = isBack ? own(plan.instances, name) : undefined;
    const next = planned && (await this.#specOf(name, planned, plan).catch(() => undefined));
    await this.#parts.instances.stop(name, { isBack, next });
  }

  async #start(name: string, plan: Plan): Promise<void> {
    const planned = own(plan.instances, name);
    if (planned === undefined) return;
    const { clock, instances } = this.#parts;
    if (this.#isEnded) return;
    this.#forgetStart(name);
    const starting = new AbortController();
    const { signal } = starting;
    this.#starting.set(name, starting);
    try {
      const spec = await this.#specOf(name, planned, plan);
      if (signal.aborted) return;
      this.#starting.delete(name);
      instances.start(spec);
    } catch (error) {
      if (signal.aborted) return;
      const { module } = planned;
      instances.failed({ name, module, settings: {} }, messageOf(error));
      // A newer plan that does not touch it leaves it to this.
      const again = (): void => void this.#start(name, this.#plan ?? plan);
      signal.addEventListener("abort", clock.after(lackAgainAfter, again), { once: true });
    }
  }

  /** What does not take its settings while it runs, whatever its manifest says, starts anew with them. */
  async #reconfigure(name: string, plan: Plan): Promise<void> {
    const planned = own(plan.instances, name);
    if (planned === undefined) return;
    const { instances } = this.#parts;
    const verdict = await this.#specOf(name, planned, plan).then(
      (spec) => instances.reconfigure(spec),
      (error: unknown) => messageOf(error),
    );
    if (verdict === undefined) return;
    await this.#stop(name, plan, true);
    await this.#start(name, plan);
  }

  async #specOf(name: string, planned: PlannedInstance, { files }: Plan): Promise<InstanceSpec> {
    const { module, version, digest, leases, grants, limits } = planned;
    const bundle = files.find((file) => file.digest === digest);
    const settings = await withSecrets(planned.settings, (source) => {
      if (source === undefined) throw new Fault("SECRET_MISSING", "a secret of it has no place on a node");
      return this.#parts.secrets.read(source);
    });
    const isBack = this.#isBack;
    return {
      name,
      module,
      version,
      digest,
      settings,
      leases,
      ...(bundle && { whole: () => this.#parts.bundles.whole(bundle) }),
      ...(grants && { grants }),
      ...(limits && { limits }),
      ...(isBack && { isBack }),
    };
  }

  #forgetStart(name: string): void {
    this.#starting.get(name)?.abort();
    this.#starting.delete(name);
  }
}

/** Own properties only: `constructor` is a fine name for an instance. */
const own = (all: Plan["instances"], name: string): PlannedInstance | undefined =>
  Object.hasOwn(all, name) ? all[name] : undefined;

const wordsOf = ({ part, fault }: RouteFault): string => `${part}: ${fault.message}`;
