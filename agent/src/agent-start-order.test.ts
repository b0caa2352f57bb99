import { expect, test } from "vitest";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import { seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { ComingUp, startInOrder, startWaves } from "./agent-start-order.ts";
import { Sightings } from "./core/apply/sightings.ts";

const planned = (all: Readonly<Record<string, readonly string[]>>): Plan["instances"] =>
  Object.fromEntries(
    Object.entries(all).map(([name, after]) => [
      name,
      {
        module: "simulated",
        version: "0.1.0",
        digest: "",
        settings: {},
        leases: {},
        takesSettings: false,
        ...(after.length === 0 ? {} : { after: [...after] }),
      },
    ]),
  );

test("what others require starts before them, and who requires nothing at once", () => {
  const plan = planned({ show: ["clock", "sound"], sound: ["clock"], clock: [], lamp: [] });

  expect(startWaves(["show", "sound", "clock", "lamp"], plan)).toEqual([
    ["clock", "lamp"],
    ["sound"],
    ["show"],
  ]);
  // What runs already, or is not in the plan, is not started again for anybody.
  expect(startWaves(["show"], planned({ show: ["clock", "gone"], clock: [] }))).toEqual([["show"]]);
});

test("what goes in a circle starts all the same", () => {
  expect(startWaves(["a", "b", "c"], planned({ a: ["b"], b: ["a"], c: [] }))).toEqual([["c"], ["a", "b"]]);
});

function node(plan: Plan["instances"]) {
  const clock = new VirtualClock();
  const sightings = new Sightings();
  const comingUp = new ComingUp(sightings);
  const started: string[] = [];
  const over = startInOrder(Object.keys(plan), plan, {
    clock,
    comingUp,
    start: async (name) => void started.push(name),
  });
  const is = (name: string, state: "running" | "waiting" | "failed") => {
    sightings.stateChanged(name, { state });
    comingUp.look();
  };
  /** All that is to be done now has been done. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, started, over, is, settled };
}

test("one that waits for its device is up, and one that has failed is not", async () => {
  const { started, over, is, settled } = node(planned({ base: [], line: [], top: ["base", "line"] }));
  await settled();
  expect(started).toEqual(["base", "line"]);

  is("base", "running");
  is("line", "failed");
  await settled();
  expect(started).toEqual(["base", "line"]);

  is("line", "waiting");
  await over;
  expect(started).toEqual(["base", "line", "top"]);
});

test("what does not come up holds nobody back for ever, and all of a chain no longer than one", async () => {
  const { clock, started, over, settled } = node(planned({ a: [], b: ["a"], c: ["b"] }));
  await settled();

  clock.advance(seconds(14));
  await settled();
  expect(started).toEqual(["a"]);

  clock.advance(seconds(1));
  await over;
  expect(started).toEqual(["a", "b", "c"]);
});
