import { expect, test } from "vitest";
import { encodeMeasured, type InstanceMetrics } from "@interactor/shared/wire/messages/measured";
import { HubMeasured } from "./hub-measured.ts";

const wordOf = (instances: Readonly<Record<string, InstanceMetrics>>): Uint8Array =>
  encodeMeasured({ v: 1, kind: "measured", instances });
const here = () => true;
const nothing = [{ samples: [] }, { samples: [] }, { samples: [] }];

test("breakers of a node are told by kind and state, once one of them has opened", () => {
  const measured = new HubMeasured();
  const breakers = { host: { open: 2, halfOpen: 1 }, serial: { open: 0, halfOpen: 0 } };
  measured.said("a", encodeMeasured({ v: 1, kind: "measured", instances: {}, breakers }));
  measured.said("b", wordOf({}));

  const family = measured.families(here)[2];

  const of = (kind: string, state: string, value: number) => ({ labels: { node: "a", kind, state }, value });
  expect(family).toMatchObject({ kind: "gauge", name: "interactor_module_breakers" });
  expect(family).toHaveProperty("samples", [
    of("host", "open", 2),
    of("host", "half_open", 1),
    of("serial", "open", 0),
    of("serial", "half_open", 0),
  ]);
});

test("what modules measure has its node, its instance and its name as labels, and the last word counts", () => {
  const measured = new HubMeasured();
  expect(measured.said("a", wordOf({ lamp: { counters: { switched: 1 }, gauges: {} } }))).toBeUndefined();
  expect(
    measured.said("a", wordOf({ lamp: { counters: { switched: 3 }, gauges: { heat_celsius: 40 } } })),
  ).toBeUndefined();

  const [events, values] = measured.families(here);

  expect(events).toMatchObject({
    kind: "counter",
    name: "interactor_module_events_total",
    samples: [{ labels: { node: "a", instance: "lamp", metric: "switched" }, value: 3 }],
  });
  expect(values).toMatchObject({
    kind: "gauge",
    name: "interactor_module_value",
    samples: [{ labels: { node: "a", instance: "lamp", metric: "heat_celsius" }, value: 40 }],
  });
});

test("of a node that is away nobody knows what it measures", () => {
  const measured = new HubMeasured();
  measured.said("a", wordOf({ lamp: { counters: { switched: 1 }, gauges: {} } }));

  expect(measured.families(() => false)).toMatchObject(nothing);
  expect(measured.families(here)).toMatchObject(nothing);
});

test("what is none is refused with its reason, and what is too much with what was known kept", () => {
  const measured = new HubMeasured();
  const full = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`m${index}`, index]));
  const instances = Object.fromEntries(
    Array.from({ length: 64 }, (_, index) => [`i${index}`, { counters: full, gauges: {} }]),
  );
  expect(measured.said("a", new Uint8Array([1]))).toBe("wrong-shape");
  expect(measured.said("a", wordOf({ lamp: { counters: { switched: -1 }, gauges: {} } }))).toBe(
    "wrong-shape",
  );
  expect(measured.said("a", wordOf({ lamp: { counters: {}, gauges: { "Not one": 1 } } }))).toBe(
    "wrong-shape",
  );
  expect(measured.said("a", wordOf({ lamp: { counters: {}, gauges: { far: Infinity } } }))).toBe(
    "wrong-shape",
  );

  const refused = Array.from({ length: 12 }, (_, index) => measured.said(`n${index}`, wordOf(instances)));

  expect(refused.filter((each) => each === undefined)).toHaveLength(9);
  expect(refused.at(-1)).toBe("too-many-metrics");
  expect(measured.said("n0", wordOf(instances))).toBeUndefined();
});
