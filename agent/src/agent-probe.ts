/**
 * A plan that was just brought up, watched until there is a verdict: tells the probation of `core/apply` what is seen, what
 * self-tests say and what time it is.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { between, millis } from "@interactor/shared/kernel/units";
import type { AgentInstances } from "./agent-instances.ts";
import type { Probation } from "./core/apply/probation.ts";

export interface ProbeParts {
  readonly clock: Clock;
  readonly instances: Pick<AgentInstances, "selfTest" | "sightings">;
}

export class AgentProbe {
  readonly #parts: ProbeParts;
  readonly #probation: Probation;
  readonly #verdict = Promise.withResolvers<string | undefined>();
  #isOver = false;
  #cancel: (() => void) | undefined;

  constructor(parts: ProbeParts, probation: Probation) {
    this.#parts = parts;
    this.#probation = probation;
  }

  /** `tested`: instances that are asked for a self-test. Resolves with why it is not well; `undefined`: it is. */
  watch(tested: readonly string[]): Promise<string | undefined> {
    this.#parts.instances.sightings.watch(this.#probation, () => this.#look());
    for (const name of tested) void this.#selfTest(name);
    this.#look();
    return this.#verdict.promise;
  }

  /** Nobody waits for a verdict any more: what is not known to be unwell is well. */
  end(): void {
    this.#end(undefined);
  }

  /** There shall be no verdict. */
  leave(): void {
    this.#isOver = true;
    this.#cancel?.();
    this.#parts.instances.sightings.unwatch();
  }

  #end(reason: string | undefined): void {
    if (this.#isOver) return;
    this.leave();
    this.#verdict.resolve(reason);
  }

  #look(): void {
    if (this.#isOver) return;
    this.#cancel?.();
    const { clock } = this.#parts;
    const at = clock.now();
    const verdict = this.#probation.verdict(at);
    if (verdict.kind !== "watching") return this.#end(verdict.kind === "unwell" ? verdict.reason : undefined);
    // A silence is one only when the moment it is due at has passed.
    const wait = millis(Math.max(between(at, this.#probation.dueAt(at)), 0) + 1);
    this.#cancel = clock.after(wait, () => this.#look());
  }

  async #selfTest(name: string): Promise<void> {
    this.#probation.selfTest(name, undefined);
    const failed = await this.#parts.instances.selfTest(name).catch(messageOf);
    this.#probation.selfTest(name, failed === undefined ? "passed" : { failed });
    this.#look();
  }
}
