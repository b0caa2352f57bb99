// Plans for a node with light: what is on channel 1 tells which of them runs.

import { millis } from "@interactor/shared/kernel/units";
import type { Plan, PlannedInstance } from "@interactor/shared/wire/messages/plan";
import { routeOf } from "@interactor/shared/testing/builders";
import { dmxInstance } from "../room.ts";

const planned = (module: string, settings: unknown): PlannedInstance => ({
  module,
  version: "0.1.0",
  digest: "",
  settings,
  leases: {},
  takesSettings: false,
});

/** Gives a number ten times a second. */
export const lamp = (level: number): PlannedInstance =>
  planned("statechart", {
    inputs: {},
    outputs: { level: { type: "int", deliver: "every" } },
    initial: "a",
    states: { a: { entry: [{ emit: { level: String(level) } }], after: { "100ms": "a" } } },
  });

export const simulated = (settings: object = {}): PlannedInstance => planned("simulated", settings);

const toLight = routeOf({ name: "to-light", from: "pi/lamp/level", to: "pi/stage/ch1", ttl: millis(5000) });

/** The lamp, the universe at `port` and the route between them, and what else there is, beside it and in its settings. */
export const lightPlan = (
  port: number,
  level: number,
  more: Plan["instances"] = {},
  alsoSet: object = {},
): Partial<Plan> => {
  const { module, settings } = dmxInstance(port);
  const stage = planned(module, { ...settings, ...alsoSet });
  return { instances: { lamp: lamp(level), stage, ...more }, routes: [toLight] };
};
