/**
 * A run that shall take over from the one that serves: watched until it is up, and what it says kept until it is heard.
 * And what comes for the instance while neither of them may have it.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import type { Clock } from "@interactor/shared/kernel/clock";
import type { Millis } from "@interactor/shared/kernel/units";
import type { InputChange, LoadedCode } from "@interactor/shared/sdk/guest-messages";
import { findPort } from "@interactor/shared/wire/messages/port";
import type { InstanceMetrics } from "@interactor/shared/wire/messages/measured";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { GuestKeeper } from "./agent-guest.ts";
import type { ServedRun } from "./agent-services.ts";
import type { ModuleOutput, Verdict } from "./ports/module-host.ts";

/** A run and where it runs. */
export interface PlacedRun extends ServedRun {
  readonly guest: GuestKeeper;
}

/** What it declared, and how it is. */
export interface Risen {
  readonly ports: DeclaredPorts;
  readonly code: LoadedCode;
  readonly report: InstanceReport;
  /** What its outputs are: what they did before it took over the other one did too. */
  readonly latest: readonly ModuleOutput[];
}

export class Successor {
  readonly placed: PlacedRun;
  readonly #up = Promise.withResolvers<Verdict>();
  readonly #latest = new Map<string, ModuleOutput>();
  #declared: Pick<Risen, "ports" | "code"> | undefined;
  #report: InstanceReport | undefined;
  #isStarted = false;
  /** What it has measured: it tells only what changes. */
  metrics: InstanceMetrics | undefined;

  constructor(placed: PlacedRun) {
    this.placed = placed;
  }

  /** What keeps it from taking over; `undefined`: nothing. */
  get problem(): Verdict {
    if (this.#report?.state === "failed") return this.#report.reason ?? "it failed";
    return this.#isStarted && this.#declared !== undefined ? undefined : "it did not start";
  }

  get risen(): Risen | undefined {
    const report = this.#report ?? { state: "running" };
    return this.#declared && { ...this.#declared, report, latest: [...this.#latest.values()] };
  }

  /** Until it serves, or cannot; no longer than this. */
  async up(clock: Clock, longest: Millis): Promise<Verdict> {
    const cancel = clock.after(longest, () =>
      this.#up.resolve(`it did not start within ${longest / 1000} s`),
    );
    const verdict = await this.#up.promise;
    cancel();
    return verdict;
  }

  /** It is not waited for any more. */
  end(): void {
    this.#up.resolve("it was stopped");
  }

  declared(ports: DeclaredPorts, code: LoadedCode): void {
    this.#declared = { ports, code };
  }

  started(): void {
    this.#isStarted = true;
    this.#up.resolve(this.problem);
  }

  stateChanged(report: InstanceReport): void {
    this.#report = report;
    if (report.state === "failed") this.#up.resolve(this.problem);
  }

  /** Of what happens once, such as a button, the one that serves tells. */
  output(output: ModuleOutput): void {
    const spec = this.#declared && findPort(this.#declared.ports.outputs, output.output);
    if (spec !== undefined && ((spec.deliver ?? "latest") === "latest" || spec.level === true))
      this.#latest.set(output.output, output);
  }
}

/** More: evict the oldest, and tell. Two thousand a second, for as long as a change of runs takes at most. */
const heldMax = 10_000;

/** What comes for an instance while one run finishes and the next has not begun. */
export class HeldInputs {
  /** What its inputs held when that began: only a run that has just come needs to be told. */
  readonly #before: InputChange[] = [];
  readonly #since: InputChange[] = [];
  #isOpen = false;
  #evicted = 0;

  get evicted(): number {
    return this.#evicted;
  }

  take(change: InputChange): void {
    if (!this.#isOpen) return void this.#before.push(change);
    this.#since.push(change);
    if (this.#since.length <= heldMax) return;
    this.#since.shift();
    this.#evicted += 1;
  }

  /** From now on what comes is new; `early` came before, and reached nobody. */
  open(early: readonly InputChange[]): void {
    this.#isOpen = true;
    this.#since.push(...early);
  }

  /** For the run that has served all the time. */
  get news(): readonly InputChange[] {
    return this.#since;
  }

  /** For a run that takes over: of what it has inputs for. */
  all({ inputs }: DeclaredPorts): readonly InputChange[] {
    return [...this.#before, ...this.#since].filter(([, input]) => findPort(inputs, input) !== undefined);
  }
}
