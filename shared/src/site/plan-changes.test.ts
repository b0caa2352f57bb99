import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis } from "../kernel/units.ts";
import { decodePlan, decodeTarget, encodePlan, encodeTarget, type Plan } from "../wire/messages/plan.ts";
import { routeOf } from "../testing/builders.ts";
import { changesBetween, emptyPlan, interrupted, isNothing } from "./plan-changes.ts";
import { instanceOf, planOf } from "../testing/plans.ts";

describe("an instance", () => {
  const before = planOf({ sim: instanceOf(), dmx: instanceOf({ module: "dmx" }) });

  test.each<readonly [string, Plan["instances"][string] | undefined, string]>([
    ["of which nothing changed", instanceOf(), "untouched"],
    ["whose settings came in another order", instanceOf({ settings: { b: 2, a: 1 } }), "untouched"],
    ["of another version", instanceOf({ version: "2.0.0" }), "restart"],
    ["of another bundle of the same version", instanceOf({ digest: "b".repeat(64) }), "restart"],
    ["of another module", instanceOf({ module: "host" }), "restart"],
    ["with other settings", instanceOf({ settings: { a: 2 } }), "restart"],
    ["that takes settings", instanceOf({ settings: { a: 2 }, takesSettings: true }), "re-configure"],
    ["with another lease alone", instanceOf({ leases: { level: millis(9000) } }), "re-configure"],
    ["that is gone", undefined, "stop"],
  ])("%s", (_what, sim, change) => {
    const after = planOf({ ...(sim === undefined ? {} : { sim }), dmx: instanceOf({ module: "dmx" }) });

    expect(changesBetween(before, after).instances).toEqual({ sim: change, dmx: "untouched" });
  });

  test("that is new is started", () => {
    const changes = changesBetween(emptyPlan, before);

    expect(changes.instances).toEqual({ dmx: "start", sim: "start" });
    expect(interrupted(changes)).toEqual([]);
  });

  test("may have the name of what every object has", () => {
    const odd = planOf({ constructor: instanceOf() });

    expect(changesBetween(emptyPlan, odd).instances).toEqual({ constructor: "start" });
    expect(changesBetween(odd, emptyPlan).instances).toEqual({ constructor: "stop" });
  });
});

describe("one that may run beside itself, and requires others", () => {
  const beside = (version: string, after: readonly string[] = []) =>
    instanceOf({ overlaps: true, version, after: [...after] });
  const old = { show: beside("1"), clock: beside("1", ["show"]), lamp: instanceOf() };

  test.each<readonly [string, Plan["instances"], object]>([
    ["that stay takes over", { ...old, show: beside("2", ["lamp"]) }, { show: "take-over" }],
    [
      "that stay with other settings takes over",
      {
        show: beside("2", ["lamp"]),
        clock: old.clock,
        lamp: instanceOf({ settings: {}, takesSettings: true }),
      },
      { show: "take-over", lamp: "re-configure" },
    ],
    [
      "that come with it begins after them, and so does what requires it",
      { show: beside("2", ["new"]), clock: beside("2", ["show"]), lamp: old.lamp, new: instanceOf() },
      { show: "restart", clock: "restart", lamp: "untouched", new: "start" },
    ],
    [
      "that begin anew begins after them",
      { ...old, show: beside("2", ["lamp"]), lamp: instanceOf({ version: "2" }) },
      { show: "restart", lamp: "restart" },
    ],
    [
      "of which another version comes begins after it",
      { ...old, show: beside("2"), clock: beside("2", ["show"]) },
      { show: "take-over", clock: "restart" },
    ],
  ])("%s", (_what, instances, changes) => {
    expect(changesBetween(planOf(old), planOf(instances)).instances).toMatchObject(changes);
  });
});

test("routes and inputs are told one by one", () => {
  const before: Plan = {
    ...emptyPlan,
    routes: [routeOf({ name: "a" }), routeOf({ name: "b" }), routeOf({ name: "c" })],
    inputs: { "dmx/level": { stop: 0, failsafe: { hold: null, fade: millis(0) } }, "dmx/blue": { stop: 0 } },
  };
  const after: Plan = {
    ...emptyPlan,
    routes: [routeOf({ name: "d" }), routeOf({ name: "b", map: "value * 2" }), routeOf({ name: "a" })],
    inputs: { "dmx/level": { stop: 1 }, "dmx/blue": { stop: 0 } },
  };

  const changes = changesBetween(before, after);

  expect(changes.routes).toEqual({ added: ["d"], removed: ["c"], changed: ["b"] });
  expect(changes.inputs).toEqual(["dmx/level"]);
});

/** The wire takes no key `__proto__`, and a site file with one is refused. */
const settings = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"));
const plans = fc
  .record({
    instances: fc.dictionary(
      fc.constantFrom("a", "b", "c", "d"),
      fc
        .record({ version: fc.constantFrom("1", "2"), settings, takesSettings: fc.boolean() })
        .map(instanceOf),
    ),
    routes: fc
      .uniqueArray(fc.constantFrom("r", "s", "t"))
      .map((names) => names.map((name) => routeOf({ name }))),
  })
  .map((given): Plan => ({ ...emptyPlan, ...given }));

test("a plan to itself changes nothing, and its bytes are read again", () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const read = decodePlan(encodePlan(plan));

      expect(read.ok).toBe(true);
      if (read.ok) expect(isNothing(changesBetween(plan, read.value))).toBe(true);
    }),
  );
});

test("what is done and undone is the same by its opposite", () => {
  const opposite = { start: "stop", stop: "start", untouched: "untouched" } as const;
  fc.assert(
    fc.property(plans, plans, (a, b) => {
      const there = changesBetween(a, b);
      const back = changesBetween(b, a);

      for (const [name, change] of Object.entries(there.instances)) {
        if (change in opposite) expect(back.instances[name]).toBe(opposite[change as keyof typeof opposite]);
        else expect(["restart", "re-configure"]).toContain(back.instances[name]);
      }
      expect(back.routes.added.toSorted()).toEqual(there.routes.removed.toSorted());
    }),
  );
});

test("what an input does when its source is lost is read as it was written", () => {
  const plan = planOf(
    {},
    {
      inputs: {
        "dmx/level": { failsafe: { hold: millis(5000), fade: millis(3000), to: 0 }, stop: 0 },
        "dmx/blue": { failsafe: { hold: null, fade: millis(0) } },
      },
    },
  );

  expect(decodePlan(encodePlan(plan))).toEqual({ ok: true, value: plan });
});

test("a plan that lacks a field is refused, and is not read as one that wants nothing", () => {
  const { routes: _, ...without } = planOf({ sim: instanceOf() });

  expect(decodePlan(encodePlan(without as Plan))).toEqual({ ok: false, error: "wrong-shape" });
});

test("a payload without a byte is no target, and a target without a plan names where it is", () => {
  const target = {
    v: 1 as const,
    revision: 7,
    digest: "a".repeat(64),
    bytes: 300_000,
    hold: { kind: "none" as const },
    probation: millis(500),
  };

  expect(decodeTarget(new Uint8Array())).toEqual({ ok: true, value: undefined });
  expect(decodeTarget(encodeTarget(target))).toEqual({ ok: true, value: target });
  expect(decodeTarget(encodeTarget({ ...target, digest: "not a digest" }))).toMatchObject({ ok: false });
});
