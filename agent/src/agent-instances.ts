/**
 * The instances of a node, those of its own file and those of its plan: started, stopped, and what they say passed on to
 * whom it concerns.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import type { LoadedCode } from "@interactor/shared/sdk/guest-messages";
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import { sceneInstance } from "@interactor/shared/wire/names";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { AgentReport } from "./agent-report.ts";
import { ComingUp } from "./agent-start-order.ts";
import type { AgentStop } from "./agent-stop.ts";
import { Sightings } from "./core/apply/sightings.ts";
import type { FirstWords } from "./core/link/first-words.ts";
import type { Outputs } from "./core/outputs/outputs.ts";
import type { Now, Switchboard } from "./core/switchboard/switchboard.ts";
import type {
  InstanceSpec,
  ModuleHost,
  ModuleHostEvents,
  ModuleOutput,
  Verdict,
} from "./ports/module-host.ts";

export interface InstancesParts {
  readonly switchboard: Switchboard;
  readonly outputs: Outputs;
  readonly reporting: AgentReport;
  readonly stop: AgentStop;
  readonly firstWords: FirstWords;
  readonly now: () => Now;
  /** Does it, and then whatever it made necessary. */
  readonly after: (work: () => void) => void;
  /** It ends again and again, however often it is started. */
  readonly escalated: (instance: string, reason: string) => void;
  /** What the node declares is another. */
  readonly declarationsChanged: () => void;
}

export class AgentInstances implements AsyncDisposable {
  readonly sightings = new Sightings();
  readonly comingUp = new ComingUp(this.sightings);
  readonly #parts: InstancesParts;
  readonly #host: ModuleHost;
  readonly #specs = new Map<string, InstanceSpec>();
  /** What is started beside those, and as which its host knows it. */
  readonly #next = new Map<string, { readonly spec: InstanceSpec; readonly started: InstanceSpec }>();

  constructor(parts: InstancesParts, openHost: (events: ModuleHostEvents) => ModuleHost) {
    this.#parts = parts;
    const { after, switchboard } = parts;
    this.#host = openHost({
      declared: (instance, ports, code) => this.#declared(instance, ports, code),
      started: (instance) =>
        after(() => {
          this.#beat(instance);
          switchboard.reapply(instance, parts.now());
        }),
      tookOver: (spec) => this.#tookOver(spec),
      output: (output) => after(() => this.#output(output)),
      stateChanged: (instance, report) => this.#stateChanged(instance, report),
      escalated: (instance, reason) => {
        if (this.#specs.has(instance)) this.#parts.escalated(instance, reason);
      },
      beat: (instance) => this.#beat(instance),
    });
  }

  get problem(): string | undefined {
    return this.#host.problem;
  }

  /** Those that run, or shall. */
  get specs(): Iterable<InstanceSpec> {
    return this.#specs.values();
  }

  get apply(): ModuleHost["apply"] {
    return (instance, input, applied) => this.#host.apply(instance, input, applied);
  }

  /** Whether there is, or shall be, one of this name. */
  has(instance: string): boolean {
    return this.#specs.has(instance);
  }

  /** One that runs by that name must have been stopped. */
  start(spec: InstanceSpec): void {
    this.#specs.set(spec.name, spec);
    this.sightings.forget(spec.name);
    this.#leasesChanged();
    this.#stateChanged(spec.name, { state: "starting" });
    this.#host.start(asStarted(spec));
  }

  /** It cannot even be started; `reason` says what is missing, to people. */
  failed(spec: InstanceSpec, reason: string): void {
    this.#specs.set(spec.name, spec);
    this.sightings.forget(spec.name);
    this.#stateChanged(spec.name, { state: "failed", reason });
  }

  /**
   * `isBack`: another one of this name comes, and its inputs keep what they hold until then. `next`: it comes at once,
   * so that the module need not take leave of those that it serves.
   */
  async stop(
    instance: string,
    { isBack, next }: { readonly isBack: boolean; readonly next?: InstanceSpec | undefined },
  ): Promise<void> {
    if (!this.#specs.has(instance)) return;
    // Nothing that it still says is its successor's.
    this.#specs.delete(instance);
    this.sightings.forget(instance);
    if (!isBack) {
      this.#parts.after(() => {
        this.#parts.outputs.remove(instance);
        this.#parts.reporting.forget(instance);
      });
      this.#leasesChanged();
      this.#parts.declarationsChanged();
    }
    await this.#host.stop(instance, next);
  }

  /** As it runs, where another one may be started beside it; `undefined`: it has to be stopped first. */
  running(instance: string): InstanceSpec | undefined {
    return this.#host.beside?.has(instance) === true ? this.#specs.get(instance) : undefined;
  }

  async startBeside(spec: InstanceSpec): Promise<Verdict> {
    const started = asStarted(spec);
    this.#next.set(spec.name, { spec, started });
    return this.#host.beside?.start(started);
  }

  async takeOver(instance: string): Promise<Verdict> {
    const verdict = await this.#host.beside?.takeOver(instance);
    // What did not take over is never what runs.
    if (verdict !== undefined) this.#next.delete(instance);
    return verdict;
  }

  async endBeside(instance: string): Promise<void> {
    this.#next.delete(instance);
    await this.#host.beside?.end(instance);
  }

  async reconfigure(spec: InstanceSpec): Promise<Verdict> {
    const verdict = await this.#host.reconfigure(spec);
    if (verdict !== undefined || !this.#specs.has(spec.name)) return verdict;
    this.#specs.set(spec.name, spec);
    this.#leasesChanged();
    return undefined;
  }

  /** The node has an instance of its own for the scenes of its plan, as long as there are any. */
  scenes(inputs: Readonly<Record<string, InputSpec>>): void {
    const { declarationsChanged, now, outputs, reporting } = this.#parts;
    const isThere = outputs.declared.has(sceneInstance);
    if (Object.keys(inputs).length === 0) {
      if (!isThere) return;
      outputs.remove(sceneInstance);
      reporting.forget(sceneInstance);
      return declarationsChanged();
    }
    if (!isThere) reporting.instance(sceneInstance, { state: "running" });
    const declaration = { module: sceneInstance, version: "1", inputs, outputs: {} };
    if (outputs.declare(sceneInstance, declaration, now())) declarationsChanged();
  }

  prepare(spec: InstanceSpec): Promise<Verdict> {
    return this.#host.prepare(spec);
  }

  selfTest(instance: string): Promise<Verdict> {
    return this.#host.selfTest(instance);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host[Symbol.asyncDispose]();
  }

  #declared(instance: string, ports: DeclaredPorts, { module, version }: LoadedCode): void {
    const spec = this.#specs.get(instance);
    if (spec === undefined) return;
    const { outputs, stop, firstWords, after, now, declarationsChanged } = this.#parts;
    stop.declared(instance, ports);
    this.sightings.loaded(instance, { module, version, digest: spec.digest ?? "" });
    this.#beat(instance);
    const isOther = spec.version !== undefined && spec.version !== version;
    const words = `${instance} runs ${module} ${version}, which came with this agent; its revision says ${spec.version}`;
    after(() => {
      this.#parts.reporting.version(instance, isOther ? words : undefined);
      const declaration = { module, version, ...ports };
      if (outputs.declare(instance, declaration, now())) declarationsChanged();
    });
    firstWords.heard(instance);
  }

  /**
   * What is heard from now on is another life of it: of the new one, or of the old one, which had been stopped for a new
   * one that failed.
   */
  #tookOver(started: InstanceSpec): void {
    const { name } = started;
    if (!this.#specs.has(name)) return;
    const next = this.#next.get(name);
    if (next?.started === started) this.#specs.set(name, next.spec);
    this.#next.delete(name);
    this.sightings.forget(name);
    this.#leasesChanged();
  }

  #output({ instance, output, ...value }: ModuleOutput): void {
    if (!this.#specs.has(instance)) return;
    this.#parts.outputs.take({ instance, port: output }, value, this.#parts.now());
  }

  #stateChanged(instance: string, report: InstanceReport): void {
    if (!this.#specs.has(instance)) return;
    const { after, firstWords, now, reporting, switchboard } = this.#parts;
    this.sightings.stateChanged(instance, report);
    this.comingUp.look();
    after(() => {
      reporting.instance(instance, report);
      if (report.state !== "running") switchboard.instanceLost(instance, now());
    });
    if (report.state === "failed") firstWords.heard(instance);
  }

  #beat(instance: string): void {
    if (this.#specs.has(instance)) this.sightings.beat(instance, this.#parts.now().instant);
  }

  #leasesChanged(): void {
    const { after, stop, now } = this.#parts;
    after(() => stop.instances([...this.#specs.values()], now()));
  }
}

/**
 * A revision is refused before it begins when this agent has another version. One that has proved itself must not leave a
 * room dark because the agent was renewed: it runs what came with it, and says so.
 */
function asStarted(spec: InstanceSpec): InstanceSpec {
  const { version: _, ...withoutVersion } = spec;
  return (spec.digest ?? "") === "" ? withoutVersion : spec;
}
