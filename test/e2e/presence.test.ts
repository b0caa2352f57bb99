// How a node is, in the words that the API, the metrics and the command line share.

import { micros } from "@interactor/shared/kernel/units";
import { encodeNodeState } from "@interactor/shared/wire/messages/state";
import { sessionOf } from "@interactor/shared/wire/session";
import type { NodeState } from "@interactor/shared/wire/node-state";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { batchOf } from "@interactor/shared/testing/builders";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { serialInstance } from "./room.ts";

const until = (hub: HubProgram, node: string, state: NodeState): Promise<unknown> =>
  eventually(`${node} is ${state}`, async () => (await hub.node(node))?.state === state);

const shownAs = (hub: HubProgram, state: NodeState): Promise<number | undefined> =>
  hub.metric("interactor_hub_nodes", { state });

test("a node whose line is missing is degraded and says why; one that ends says goodbye or falls silent", async () => {
  await using hub = await startHub();
  const line = serialInstance("/dev/no-such-line");
  const instances = { sim: { module: "simulated", settings: {} } };
  await using broken = await startAgent({ node: "a", hub: hub.mqtt, instances: { ...instances, line } });
  await using whole = await startAgent({ node: "b", hub: hub.mqtt, instances });

  await until(hub, "a", "degraded");
  await until(hub, "b", "ready");
  const since = (await hub.node("a"))?.since ?? "";
  expect((await hub.node("a"))?.reasons.join()).toMatch(/^line is waiting: .*\/dev\/no-such-line/);
  expect([await shownAs(hub, "degraded"), await shownAs(hub, "ready")]).toEqual([1, 1]);

  await broken.signal("SIGTERM");
  await whole.signal("SIGKILL");

  await until(hub, "a", "disconnected");
  await until(hub, "b", "lost");
  expect(Date.parse((await hub.node("a"))?.since ?? "")).toBeGreaterThan(Date.parse(since));
  expect((await hub.node("b"))?.reasons).toEqual(["it fell silent"]);
  for (const words of ["a is degraded: line is waiting", "a is disconnected", "b is lost: it fell silent"])
    expect(hub.log().split(`node ${words}`)).toHaveLength(2);
});

test("a node one of whose ways out is away is degraded, and says which", async () => {
  await using hub = await startHub();
  const sacn = { to: ["127.0.0.1"], interface: "127.0.0.1" };
  const usb = { serial: "NO-SUCH-WIDGET" };
  const stage = { module: "dmx", settings: { universe: 1, sacn, usb, dimmers: { wash: { channel: 1 } } } };
  await using agent = await startAgent({ node: "a", hub: hub.mqtt, instances: { stage } });
  const reason = "USB: no USB device with serial number NO-SUCH-WIDGET is plugged in";

  await until(hub, "a", "degraded");
  expect(await hub.node("a")).toMatchObject({
    reasons: [expect.stringContaining(`stage is degraded: ${reason}`)],
    instances: { stage: { state: "running", reason: expect.stringContaining(reason) } },
  });
  expect(agent.log()).toContain(`instance stage is degraded: ${reason}`);
});

test("a node that turns itself off is sleeping and says until when, and its will does not make it lost", async () => {
  await using hub = await startHub();
  const { state } = nodeTopics("demo", "owl");
  const life = { v: 1, session: sessionOf(new Uint8Array(8).fill(3)), connection: 1 } as const;
  const lost = Buffer.from(encodeNodeState({ ...life, kind: "death", reason: "lost" }));
  const client = await connectAsync(hub.mqtt, {
    clientId: "demo/owl",
    username: "unit-1",
    reconnectPeriod: 0,
    will: { topic: state, payload: lost, qos: 1, retain: true },
  });
  client.on("error", () => undefined);
  const say = (message: Uint8Array) =>
    client.publishAsync(state, Buffer.from(message), { qos: 1, retain: true });
  const at = micros(Date.now() * 1000);
  await say(
    encodeNodeState({ ...life, kind: "birth", unit: "unit-1", agentVersion: "0", at, instances: {} }),
  );

  const sleep = { until: micros(at + 3600e6), reason: "closed until morning" };
  await say(encodeNodeState({ ...life, kind: "death", reason: "stopped", sleep }));
  await until(hub, "owl", "sleeping");
  client.stream.destroy();

  await eventually("the broker noticed", async () => (await hub.metric("interactor_hub_clients")) === 0);
  expect(await hub.node("owl")).toMatchObject({
    state: "sleeping",
    reasons: ["closed until morning"],
    sleeping_until: new Date(sleep.until / 1000).toISOString(),
  });
});

test("a node that is born, dies and leaves messages out a thousand times fills no log, and all is counted", async () => {
  await using hub = await startHub();
  const { state, up } = nodeTopics("demo", "moth");
  const session = sessionOf(new Uint8Array(8).fill(4));
  const client = await connectAsync(hub.mqtt, { clientId: "demo/moth", username: "unit-1" });
  onTestFinished(() => client.endAsync(true));
  const at = micros(Date.now() * 1000);
  const life = { v: 1, session } as const;
  const said: Promise<unknown>[] = [];
  const say = (topic: string, message: Uint8Array) =>
    void said.push(client.publishAsync(topic, Buffer.from(message), { qos: 1 }));
  for (let connection = 1; connection <= 1000; connection += 1) {
    const birth = { ...life, kind: "birth", connection, unit: "unit-1", agentVersion: "0", at } as const;
    say(state, encodeNodeState({ ...birth, instances: {} }));
    say(up(lane.telemetry), encodeBatch(batchOf({ session, firstSeq: connection * 10 })));
    say(state, encodeNodeState({ ...life, kind: "death", connection, reason: "stopped" }));
  }
  await Promise.all(said);

  const lines = hub
    .log()
    .split("\n")
    .filter((line) => line.includes("moth"));
  const kinds = ["moth is init", "moth is disconnected", "moth in lane telemetry are missing"];
  expect(kinds.filter((kind) => !lines.some((line) => line.includes(kind)))).toEqual([]);
  expect(lines.length).toBeLessThan(30);
  expect(await hub.metric("interactor_hub_up_missed_total", { node: "moth" })).toBeGreaterThanOrEqual(
    9 * 999,
  );
});
