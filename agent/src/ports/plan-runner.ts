/** What acts on a plan: instances, routes, and what inputs do when their source is lost. */
import type { Millis } from "@interactor/shared/kernel/units";
import type { PlanChanges } from "@interactor/shared/site/plan-changes";
import type { Plan } from "@interactor/shared/wire/messages/plan";

export interface PlanRunner {
  /**
   * Asks modules and routes whether they can take it; touches nothing. Throws a Fault with words for people: a `VETO`,
   * or `SECRET_MISSING` when nothing but secrets is missing, which may come.
   */
  prepare(plan: Plan, changes: PlanChanges): Promise<void>;
  /**
   * Touches only what changes. On its way back it is called again, possibly before it was done. Throws a Fault
   * `TAKE_OVER_FAILED` before it touches anything, where what should take over from what runs cannot. `isBack`: the plan
   * ran before, and what was changed to is taken back.
   */
  change(plan: Plan, changes: PlanChanges, isBack: boolean): Promise<void>;
  /** Watches for so long. Resolves with what is wrong, else with `undefined`. */
  probe(plan: Plan, changes: PlanChanges, window: Millis): Promise<string | undefined>;
  /** Routes and outputs stand still, before this returns. */
  suspend(): void;
  resume(): void;
}
