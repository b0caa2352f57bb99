/**
 * The instances of a plan that another version takes over from while they run: all of them are brought up beside the old
 * ones before anything of a change is touched, and take over once the rest of the plan is in place.
 */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { InstanceChange } from "@interactor/shared/site/plan-changes";
import { valueDepthMax } from "@interactor/shared/wire/limits";
import { isSame, isSendable } from "@interactor/shared/wire/value";
import type { Plan, PlannedInstance } from "@interactor/shared/wire/messages/plan";
import type { AgentInstances } from "./agent-instances.ts";
import type { InstanceSpec } from "./ports/module-host.ts";

type InstanceChanges = Readonly<Record<string, InstanceChange>>;

export interface TakeoversParts {
  readonly instances: Pick<AgentInstances, "running" | "startBeside" | "takeOver" | "endBeside">;
  /** Throws a Fault when a secret of it is not there. */
  readonly specOf: (name: string, plan: Plan, planned: PlannedInstance) => Promise<InstanceSpec>;
}

export class AgentTakeovers {
  readonly #parts: TakeoversParts;

  constructor(parts: TakeoversParts) {
    this.#parts = parts;
  }

  /**
   * Returns what is left to be done. Throws a Fault `TAKE_OVER_FAILED` where one cannot be brought up; nothing has been
   * touched then. On the way back there is nothing else to go back to: one that cannot be brought up beside is restarted.
   */
  async begin(plan: Plan, changes: InstanceChanges, isBack: boolean): Promise<InstanceChanges> {
    const left = new Map(Object.entries(changes));
    const names = [...left.keys()].filter((name) => left.get(name) === "take-over");
    const answers = await Promise.all(
      names.map(async (name): Promise<string | undefined> => {
        const outcome = await this.#begin(name, plan).catch((error: unknown) => ({
          reason: messageOf(error),
        }));
        const isFailed = typeof outcome === "object";
        if (isFailed && !isBack) return `${name} cannot take over: ${outcome.reason}`;
        left.set(name, isFailed ? "restart" : outcome);
        return undefined;
      }),
    );
    const wrong = answers.filter((answer) => answer !== undefined);
    if (wrong.length > 0) {
      await this.#end(names);
      throw new Fault("TAKE_OVER_FAILED", wrong.join("; "));
    }
    return Object.fromEntries(left);
  }

  /**
   * Throws a Fault `SWITCH_FAILED` where one did not; those that did have taken over. On the way back it returns those that
   * did not, to be restarted.
   */
  async takeOver(names: readonly string[], isBack: boolean): Promise<readonly string[]> {
    const { instances } = this.#parts;
    const verdicts = await Promise.all(names.map((name) => instances.takeOver(name)));
    const wrong = verdicts.flatMap((verdict, at) =>
      verdict === undefined ? [] : [`${names[at]} did not take over: ${verdict}`],
    );
    if (wrong.length > 0 && !isBack) throw new Fault("SWITCH_FAILED", wrong.join("; "));
    return names.filter((_, at) => verdicts[at] !== undefined);
  }

  async #begin(name: string, plan: Plan): Promise<InstanceChange | { readonly reason: string }> {
    const { instances, specOf } = this.#parts;
    const planned = Object.hasOwn(plan.instances, name) ? plan.instances[name] : undefined;
    const running = instances.running(name);
    // What does not run has nothing to give.
    if (planned === undefined || running === undefined) return "restart";
    const spec = await specOf(name, plan, planned);
    // On its way back: it never came to the other one.
    if (isSameRun(running, spec)) return "untouched";
    const reason = await instances.startBeside(spec);
    return reason === undefined ? "take-over" : { reason };
  }

  async #end(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#parts.instances.endBeside(name)));
  }
}

function isSameRun(left: InstanceSpec, right: InstanceSpec): boolean {
  const isSameCode =
    left.module === right.module && left.version === right.version && left.digest === right.digest;
  const may = ({ settings, grants = {}, limits = {} }: InstanceSpec) => ({ settings, grants, limits });
  const [before, after]: readonly unknown[] = [may(left), may(right)];
  return (
    isSameCode &&
    isSendable(before, valueDepthMax) &&
    isSendable(after, valueDepthMax) &&
    isSame(before, after)
  );
}
