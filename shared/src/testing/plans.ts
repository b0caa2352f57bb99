import { emptyPlan } from "../site/plan-changes.ts";
import type { Plan, PlannedInstance } from "../wire/messages/plan.ts";

/** An instance of a module that comes with the agent. */
export const instanceOf = (given: Partial<PlannedInstance> = {}): PlannedInstance => ({
  module: "simulated",
  version: "1.0.0",
  digest: "",
  settings: { a: 1, b: 2 },
  leases: {},
  takesSettings: false,
  ...given,
});

export const planOf = (instances: Plan["instances"], given: Partial<Plan> = {}): Plan => ({
  ...emptyPlan,
  instances,
  ...given,
});
