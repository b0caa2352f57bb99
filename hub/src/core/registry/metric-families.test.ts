import { expect, test } from "vitest";
import { instant } from "@interactor/shared/kernel/units";
import { prepareRoute } from "@interactor/shared/routing/run-route";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import { birthOf, noon, nowAt, routeOf, sessionNumber } from "@interactor/shared/testing/builders";
import { stepPresence, nobody, type PresenceEvent } from "../presence/presence.ts";
import { SiteLedger } from "../ledger/site-ledger.ts";
import { Router } from "../routing/router.ts";
import { HubCounters } from "./counters.ts";
import { type Measured, metricFamilies } from "./metric-families.ts";

const reported = (refused: Reported["refused"]): Reported => ({
  v: 1,
  session: sessionNumber(1),
  revision: 0,
  digest: "",
  instances: {},
  owners: {},
  routes: {},
  refused,
});

function measured(given: Partial<Measured> = {}): Measured {
  return {
    version: "0.1.0",
    counters: new HubCounters(),
    presence: nobody,
    router: new Router(sessionNumber(7)),
    ledger: new SiteLedger(),
    feedValues: 0,
    feedRefused: 0,
    zones: new Map(),
    broker: {
      clients: 0,
      usage: {
        sessionsKept: 0,
        sessionsAway: 0,
        sessionBytes: 0,
        retainedMessages: 0,
        retainedBytes: 0,
        subscriptions: 0,
        waitingBytes: 0,
      },
    },
    journal: { waitingBytes: 0, problem: undefined, usage: { commits: 0, bytes: 0, evicted: 0 } },
    ...given,
  };
}

function samplesOf(measured: Measured, name: string) {
  const family = metricFamilies(measured).find((each) => each.name === name);
  if (family === undefined || family.kind === "histogram") throw new Error(`no ${name}`);
  return family.samples;
}

const presenceAfter = (...events: readonly PresenceEvent[]) =>
  events.reduce((state, event) => {
    const step = stepPresence(state, event);
    return step.ok ? step.state : state;
  }, nobody);

test("every family has a name of ours, and counters end in total", () => {
  const families = metricFamilies(measured());

  expect(families.length).toBeGreaterThan(10);
  for (const { name, kind, help } of families) {
    expect(name).toMatch(/^interactor_(hub|agent)_[a-z_]+$/);
    expect(name.endsWith("_total")).toBe(kind === "counter");
    expect(help).toMatch(/\.$/);
  }
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
});

test("what was refused is counted by reason", () => {
  const counters = new HubCounters();
  for (const reason of ["up empty", "up empty", "not-allowed"]) counters.refused.add(reason);

  expect(samplesOf(measured({ counters }), "interactor_hub_messages_refused_total")).toEqual([
    { labels: { reason: "up empty" }, value: 2 },
    { labels: { reason: "not-allowed" }, value: 1 },
  ]);
});

test("whom it only read more slowly it did not cut, and messages are counted, not clients", () => {
  const counters = new HubCounters();
  counters.faults.cut.add("protocol");
  counters.faults.slowed.add("rate");
  counters.faults["turned-away"].add("refused");
  counters.faults["subscription-refused"].add("not-allowed");
  counters.faults.evicted.add("session-quota", 412);
  counters.faults["session-ended"].add("session-quota");
  const found = (name: string) =>
    samplesOf(measured({ counters }), `interactor_hub_${name}_total`).map(({ labels, value }) => [
      labels["reason"],
      value,
    ]);

  expect(found("clients_cut")).toEqual([["protocol", 1]]);
  expect(found("clients_slowed")).toEqual([["rate", 1]]);
  expect(found("clients_turned_away")).toEqual([["refused", 1]]);
  expect(found("subscriptions_refused")).toEqual([["not-allowed", 1]]);
  expect(found("messages_evicted")).toEqual([["session-quota", 412]]);
  expect(found("sessions_ended")).toEqual([["session-quota", 1]]);
});

test("what the broker uses is shown", () => {
  const usage = {
    sessionsKept: 3,
    sessionsAway: 2,
    sessionBytes: 1000,
    retainedMessages: 4,
    retainedBytes: 2000,
    subscriptions: 5,
    waitingBytes: 3000,
  };
  const given = measured({ broker: { clients: 6, usage } });
  const names = ["sessions_kept", "sessions_away", "sessions_bytes", "retained_messages", "retained_bytes"];

  const found = [...names, "subscriptions", "outgoing_bytes", "clients"].map(
    (name) => samplesOf(given, `interactor_hub_${name}`)[0]?.value,
  );

  expect(found).toEqual([3, 2, 1000, 4, 2000, 5, 3000, 6]);
});

test("what nodes refused is shown by node, with a bound on the reasons", () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`down ${index}`, index]));
  const presence = presenceAfter(
    { kind: "birth", at: noon, node: "pi", birth: birthOf() },
    { kind: "reported", at: noon, node: "pi", reported: reported({ "down empty": 3 }) },
    { kind: "birth", at: noon, node: "pi2", birth: birthOf() },
    { kind: "reported", at: noon, node: "pi2", reported: reported(many) },
  );

  const samples = samplesOf(measured({ presence }), "interactor_agent_messages_refused_total");

  expect(samples[0]).toEqual({ labels: { node: "pi", reason: "down empty" }, value: 3 });
  expect(samples).toHaveLength(51);
});

test("a node is up while it is connected", () => {
  const presence = presenceAfter(
    { kind: "birth", at: noon, node: "pi", birth: birthOf() },
    { kind: "birth", at: noon, node: "pi2", birth: birthOf() },
    {
      kind: "death",
      at: noon,
      node: "pi2",
      death: { v: 1, kind: "death", session: sessionNumber(1), connection: 1, reason: "lost" },
    },
  );

  expect(samplesOf(measured({ presence }), "interactor_agent_up")).toEqual([
    { labels: { node: "pi" }, value: 1 },
    { labels: { node: "pi2" }, value: 0 },
  ]);
});

test("the books of a node's queue balance in what is shown", () => {
  const router = new Router(sessionNumber(7));
  const prepared = prepareRoute(routeOf({ to: "pi2/lights/front" }));
  if (prepared.ok) router.setRoutes([prepared.value], [prepared.value.route], nowAt(0));
  for (let value = 0; value < 5; value++) {
    router.values("pi/sim/distance", [{ value, unit: "", quality: 0, at: noon }], instant(value));
  }
  const total = (name: string) =>
    samplesOf(measured({ router }), name)
      .filter(({ labels }) => labels["node"] === "pi2" && labels["lane"] === "telemetry")
      .reduce((sum, { value }) => sum + value, 0);

  expect(total("interactor_hub_down_produced_total")).toBe(5);
  expect(
    total("interactor_hub_down_delivered_total") +
      total("interactor_hub_down_queued") +
      total("interactor_hub_down_lost_total"),
  ).toBe(5);
  expect(samplesOf(measured({ router }), "interactor_hub_route_runs_total")).toContainEqual({
    labels: { route: "follow", result: "passed" },
    value: 5,
  });
});

test("nodes are counted by their state, and told how their clocks are", () => {
  const clock = { synchronised: true, offsetMs: -1500, errorMs: 2, steps: 1 };
  const presence = presenceAfter(
    { kind: "birth", at: noon, node: "pi", birth: birthOf() },
    { kind: "reported", at: noon, node: "pi", reported: { ...reported({}), clock } },
    { kind: "birth", at: noon, node: "pi2", birth: birthOf() },
  );
  const of = (name: string) => samplesOf(measured({ presence }), name);

  expect(of("interactor_hub_nodes").filter(({ value }) => value > 0)).toEqual([
    { labels: { state: "init" }, value: 1 },
    { labels: { state: "ready" }, value: 1 },
  ]);
  expect(of("interactor_agent_clock_offset_seconds")).toEqual([{ labels: { node: "pi" }, value: -1.5 }]);
  expect(of("interactor_agent_clock_error_seconds")).toEqual([{ labels: { node: "pi" }, value: 0.002 }]);
  expect(of("interactor_agent_clock_synchronised")).toEqual([{ labels: { node: "pi" }, value: 1 }]);
  expect(of("interactor_agent_clock_steps_total")).toEqual([{ labels: { node: "pi" }, value: 1 }]);
});
