// Nodes that ask for more than is theirs: of the hub's memory, and of its list of nodes.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { MqttClient } from "mqtt";
import { expect, test } from "vitest";
import { birthOf, noon, sessionNumber } from "@interactor/shared/testing/builders";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { lane } from "@interactor/shared/wire/lanes";
import { keptBytesOfNodeMax, nodesMax } from "@interactor/shared/wire/limits";
import { encodeReported } from "@interactor/shared/wire/messages/reported";
import { type Birth, encodeNodeState } from "@interactor/shared/wire/messages/state";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import type { Value } from "@interactor/shared/wire/value";
import { cliBundle } from "./demo-process.ts";
import { watchMemory } from "./malformed-bench.ts";
import { eventually, startAgent, startHub } from "./programs.ts";
import { Visitor } from "./visitor.ts";

const session = sessionNumber(1);

const stage = {
  module: "dmx",
  settings: { universe: 1, artnet: { to: ["127.0.0.1"] }, dimmers: { front: { channel: 1 } } },
};

/** Runs a command of the command line to its end. */
async function command(...args: readonly string[]) {
  const child = spawn(process.execPath, [cliBundle, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  await ended;
  return {
    code: child.exitCode,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}

/** An agent by its own word, which says what it likes. */
class Claimant implements AsyncDisposable {
  readonly #client: MqttClient;
  readonly #topics: ReturnType<typeof nodeTopics>;
  #seq = 0;

  private constructor(client: MqttClient, node: string) {
    this.#client = client;
    this.#topics = nodeTopics("demo", node);
  }

  /** From another address of this machine: from one there may not be as many as a site has nodes. */
  static async connect(url: string, node: string, localAddress = "127.0.0.1"): Promise<Claimant> {
    const { hostname: host, port } = new URL(url);
    const client = new MqttClient(() => connect({ host, port: Number(port), localAddress }), {
      clientId: siteTopics("demo").clientId(node),
      username: "unit-1",
      protocolVersion: 4,
      reconnectPeriod: 0,
      keepalive: 60,
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    client.on("error", reject);
    client.once("connect", () => resolve());
    await promise;
    return new Claimant(client, node);
  }

  born(instances: Birth["instances"] = {}): Promise<void> {
    return this.#publish(this.#topics.state, encodeNodeState(birthOf({ session, instances })), true);
  }

  stopped(): Promise<void> {
    const death = { v: 1, kind: "death", session, connection: 1, reason: "stopped" } as const;
    return this.#publish(this.#topics.state, encodeNodeState(death), true);
  }

  /** It has begun: its instances run. */
  runs(...instances: readonly string[]): Promise<void> {
    const reported = encodeReported({
      v: 1,
      session,
      revision: 0,
      digest: "",
      instances: Object.fromEntries(instances.map((name) => [name, { state: "running" as const }])),
      owners: {},
      routes: {},
      refused: {},
    });
    return this.#publish(this.#topics.reported, reported, true);
  }

  async says(from: string, body: Value): Promise<void> {
    const entry = { at: noon, from, to: null, ttl: null, flags: 4, trace: null, quality: 0, body } as const;
    const batch = { lane: lane.telemetry, session, firstSeq: this.#seq, entries: [entry] };
    this.#seq += 1;
    await this.#publish(this.#topics.up(lane.telemetry), encodeBatch(batch), false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }

  async #publish(topic: string, payload: Uint8Array, retain: boolean): Promise<void> {
    await this.#client.publishAsync(topic, Buffer.from(payload), { qos: 1, retain });
  }
}

test("one node with large values of many ports takes its share of the hub, and others go on", async () => {
  await using hub = await startHub();
  await using greedy = await Claimant.connect(hub.mqtt, "greedy");
  await using modest = await Claimant.connect(hub.mqtt, "modest");
  const outputs = Object.fromEntries(
    Array.from({ length: 10 }, (_, port) => [
      `port${"abcdefghij"[port]}`,
      { type: "bytes" as const, count: 512 },
    ]),
  );
  const instance = { module: "any", version: "1", inputs: {}, outputs };
  await greedy.born(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`i${index}`, instance])));
  await modest.born({ i0: { ...instance, outputs: { level: { type: "int" } } } });
  const expectNoGrowth = watchMemory(hub.pid);

  const large = new Uint8Array(200 * 1024);
  const fitting = new Uint8Array(30_000);
  for (let port = 1; port <= 160; port++) {
    if (port <= 40) await greedy.says(`i0/porta${port}`, large);
    await greedy.says(`i1/portb${port}`, fitting);
  }
  await modest.says("i0/level", 7);

  await using visitor = await Visitor.connect(hub.mqtt);
  await eventually("the other's value is there", () => visitor.values("modest/i0/level").includes(7));
  const kept = visitor.heard.filter(({ topic }) => topic.includes("/v/greedy/"));
  expect(kept.reduce((sum, { payload }) => sum + payload.length, 0)).toBeLessThanOrEqual(keptBytesOfNodeMax);
  expect(kept.length).toBeGreaterThan(100);
  const refused = (reason: string) => hub.metric("interactor_hub_messages_refused_total", { reason });
  expect(await refused("up too-large-to-keep")).toBe(40);
  expect(await refused("up no-room-to-keep")).toBe(160 - kept.length);
  expectNoGrowth();
});

test("what a node declares no more is not kept, and what it has yet to declare is", async () => {
  await using hub = await startHub();
  await using node = await Claimant.connect(hub.mqtt, "pi");
  const output = { level: { type: "int" as const } };
  const one = { module: "any", version: "1", inputs: {}, outputs: output };
  await node.born({ a: one, b: one });
  await node.says("a/level", 1);
  await node.says("b/level", 2);
  const kept = async () => {
    await using late = await Visitor.connect(hub.mqtt);
    await eventually("the value that stays is there", () => late.values("pi/a/level").length > 0);
    return late.heard.filter(({ payload }) => payload.length > 0).map(({ topic }) => topic.split("/v/")[1]);
  };

  // It begins to say what it has, as after its start.
  await node.born({ a: one });
  expect((await kept()).toSorted()).toEqual(["pi/a/level", "pi/b/level"]);

  await node.runs("a");
  expect(await kept()).toEqual(["pi/a/level"]);
});

test("a thousand names that nobody fills do not keep a node out; a thousand nodes that are here do, in words", async () => {
  await using hub = await startHub();
  const claimants: Claimant[] = [];
  for (let first = 0; first < nodesMax; first += 50) {
    const some = Array.from({ length: 50 }, (_, index) => `name${first + index}`);
    claimants.push(...(await Promise.all(some.map((node) => Claimant.connect(hub.mqtt, node, "127.0.0.2")))));
    await Promise.all(claimants.slice(first).map((claimant) => claimant.born()));
  }
  await using kept = new AsyncDisposableStack();
  for (const claimant of claimants) kept.use(claimant);

  await expect(Claimant.connect(hub.mqtt, "pi")).rejects.toThrow(/[Nn]ot authorized/);
  const words = `node \\"pi\\" was refused: the site has ${nodesMax} nodes, and all are here`;
  await eventually("why is in the log", () => hub.log().includes(words));

  await using watcher = await Visitor.connect(hub.mqtt, [siteTopics("demo").states]);
  await claimants[3]?.stopped();
  await using agent = await startAgent({
    node: "pi",
    hub: hub.mqtt,
    instances: { sim: { module: "simulated" } },
  });
  await eventually("the node is ready", async () => (await hub.node("pi"))?.state === "ready");

  const names = (await hub.nodes()).map(({ node }) => node);
  expect(names).toHaveLength(nodesMax);
  expect(names).not.toContain("name3");
  const last = watcher.heard.filter(({ topic }) => topic === nodeTopics("demo", "name3").state).at(-1);
  expect(last?.payload).toHaveLength(0);
  expect(agent.process.exitCode).toBeNull();
});

test("a node that was taken down is forgotten when somebody says so, and is itself again when it comes back", async () => {
  await using hub = await startHub();
  const forget = (node: string) => command("node", "forget", node, "--hub", hub.http);
  const settings = { hub: hub.mqtt, instances: { sim: { module: "simulated" }, stage } };
  await using agent = await startAgent({ node: "old", ...settings });
  await eventually("it is ready", async () => (await hub.node("old"))?.state === "ready");
  await using visitor = await Visitor.connect(hub.mqtt);
  await visitor.set("old/stage/front", 0.5);
  await eventually("a command is done", () => visitor.values("old/stage/front").includes(0.5));

  expect(await forget("old")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("stop its agent first"),
  });
  await agent.signal("SIGSTOP");
  await eventually("it is lost", async () => (await hub.node("old"))?.state === "lost");

  expect(await forget("old")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^node old is forgotten \(was lost, last seen /),
  });
  expect(await hub.node("old")).toBeUndefined();
  expect(await forget("old")).toMatchObject({ code: 3, stderr: expect.stringContaining('no node "old"') });
  await using late = await Visitor.connect(hub.mqtt, ["ix/1/demo/#"]);
  await eventually("the hub is heard", () => late.heard.some(({ topic }) => topic.endsWith("/h/state")));
  expect(late.heard.filter(({ topic }) => topic.includes("/old"))).toEqual([]);
  expect((await hub.get("/api/v1/ledger")).text).toContain('"node":"(forgotten)"');

  await agent.signal("SIGCONT");
  await eventually("it is ready again", async () => (await hub.node("old"))?.state === "ready");
  await visitor.set("old/stage/front", 0.75);
  await eventually("a command is done in the same life", () =>
    visitor.values("old/stage/front").includes(0.75),
  );
});
