// The loss ledger of real programs: under overload, frozen, killed and started again, no message is without an end.

import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { apiPaths, type LedgerLane, ledgerResponse } from "@interactor/shared/wire/api";
import { sumOf } from "@interactor/shared/wire/ledger";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";
import { Visitor } from "./visitor.ts";

const instances = {
  ...Object.fromEntries(
    Array.from({ length: 8 }, (_, index) => [
      `sim${index}`,
      { module: "simulated", settings: { rate: 100 } },
    ]),
  ),
  lights: {
    module: "dmx",
    settings: { universe: 1, sacn: { interface: "127.0.0.1" }, dimmers: { front: { channel: 1 } } },
  },
};

async function ledgerOf(hub: HubProgram, path: string = apiPaths.ledger) {
  return ledgerResponse.parse(JSON.parse((await hub.get(path)).text));
}

async function laneOf(hub: HubProgram, way: "up" | "down", lane: LedgerLane["lane"]): Promise<LedgerLane> {
  const { nodes } = await ledgerOf(hub, `${apiPaths.ledger}/pi`);
  const found = nodes[0]?.[way].find((each) => each.lane === lane);
  if (found === undefined) throw new Error(`no ${way} ${lane}`);
  return found;
}

const unended = (lane: LedgerLane): number =>
  lane.produced - lane.delivered - lane.queued - sumOf(lane.losses) - lane.unaccounted - lane.difference;

async function expectBalance(hub: HubProgram): Promise<void> {
  const ledger = await ledgerOf(hub);
  expect(ledger.balanced).toBe(true);
  const lanes = ledger.nodes.flatMap(({ up, down }) => [...up, ...down]);
  expect(lanes.length).toBeGreaterThan(0);
  expect(lanes.map(unended)).toEqual(lanes.map(() => 0));
  expect(lanes.map(({ missed }) => missed)).toEqual(lanes.map(() => 0));
}

test(
  "every message is accounted for under overload, over a freeze and over a kill",
  { timeout: 60_000 },
  async () => {
    await using hub = await startHub();
    await using visitor = await Visitor.connect(hub.mqtt);
    await using first: AgentProgram = await startAgent({ node: "pi", hub: hub.mqtt, instances });
    await eventually(
      "values are counted",
      async () => (await laneOf(hub, "up", "telemetry")).produced > 1500,
    );
    await expectBalance(hub);

    // A frozen agent takes nothing: what waits for it is too late, and what is too much gives way.
    await first.signal("SIGSTOP");
    // Of these the hub holds about 8,000 for a node.
    const options = { holdFor: seconds(1), ttl: millis(1500) };
    const long = "v".repeat(1000);
    await Promise.all(Array.from({ length: 12_000 }, () => visitor.set("pi/lights/front", long, options)));
    await eventually(
      "the flood is counted",
      async () => (await laneOf(hub, "down", "control")).produced >= 12_000,
    );
    await sleep(1700);
    await first.signal("SIGCONT");
    await eventually("nothing waits", async () => (await laneOf(hub, "down", "control")).queued === 0);
    const control = await laneOf(hub, "down", "control");
    expect(control.losses["expired ttl"]).toBeGreaterThan(0);
    expect(control.losses["evicted overflow"]).toBeGreaterThan(0);
    await expectBalance(hub);

    const before = await laneOf(hub, "up", "telemetry");
    await first.signal("SIGKILL");
    await using second = await startAgent({ node: "pi", hub: hub.mqtt, instances, data: first.data });
    await eventually("the new life is counted", async () => {
      const lane = await laneOf(hub, "up", "telemetry");
      return lane.unaccounted_at_most > 0 && lane.produced > before.produced + 500;
    });
    const after = await laneOf(hub, "up", "telemetry");
    expect(after.unaccounted).toBeLessThanOrEqual(after.unaccounted_at_most);
    expect(after.delivered).toBeGreaterThanOrEqual(before.delivered);
    await expectBalance(hub);
    expect(await hub.metric("interactor_agent_up_difference", { node: "pi" })).toBe(0);
    expect(
      await hub.metric("interactor_agent_up_produced_total", { node: "pi", lane: "telemetry" }),
    ).toBeGreaterThanOrEqual(after.produced);
    expect((await hub.get(`${apiPaths.ledger}/nobody`)).status).toBe(404);
    await second.signal("SIGTERM");
  },
);

requires("promtool")("the ledger's metrics are what Prometheus takes without complaint", async () => {
  await using hub = await startHub();
  await using _agent = await startAgent({ node: "pi", hub: hub.mqtt, instances });
  await eventually("values are counted", async () => (await laneOf(hub, "up", "telemetry")).produced > 200);

  const metrics = (await hub.get(apiPaths.metrics)).text;
  const checked = spawnSync("promtool", ["check", "metrics"], { input: metrics, encoding: "utf8" });

  expect(metrics).toContain('interactor_agent_up_produced_total{node="pi",lane="telemetry"}');
  expect(metrics).toContain(
    'interactor_agent_up_unaccounted_total{node="pi",lane="telemetry",reason="crash"} 0',
  );
  expect(checked.stdout + checked.stderr).toBe("");
  expect(checked.status).toBe(0);
});
