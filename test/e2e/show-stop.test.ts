// The show stop over the real hub, real agents and the real command: who stops, who is released, and what holds
// over kills, outages and files that were spoilt.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import { nodesResponse } from "@interactor/shared/wire/api";
import { seconds } from "@interactor/shared/kernel/units";
import { encodeStopLatch } from "@interactor/shared/wire/messages/stop";
import { siteTopics } from "@interactor/shared/wire/topics";
import { connectAsync } from "mqtt";
import { describe, expect, test } from "vitest";
import { Light } from "./light.ts";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { dmxInstance, untilRunning } from "./room.ts";
import { Visitor } from "./visitor.ts";

const cli = join(import.meta.dirname, "../../dist/cli/interactor.mjs");

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function interactor(hub: Pick<HubProgram, "http">, ...words: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [cli, ...words, "--hub", hub.http], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = ["", ""].map(() => [] as Buffer[]);
  child.stdout.on("data", (chunk: Buffer) => out?.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err?.push(chunk));
  const [code]: (number | null)[] = await once(child, "close");
  return {
    code: code ?? -1,
    out: Buffer.concat(out ?? []).toString(),
    err: Buffer.concat(err ?? []).toString(),
  };
}

interface Lit {
  readonly agent: AgentProgram;
  readonly light: Light;
}

interface House extends AsyncDisposable {
  readonly hub: HubProgram;
  /** In foyer and house. */
  readonly a: Lit;
  /** In house. */
  readonly b: Lit;
  readonly visitor: Visitor;
}

/** Two nodes, each with a lit channel that somebody holds by hand for a minute. */
async function openHouse(): Promise<House> {
  await using undo = new AsyncDisposableStack();
  const hub = undo.use(await startHub());
  const open = async (node: string, zones: readonly string[]): Promise<Lit> => {
    const light = undo.use(await Light.open());
    const instances = { stage: dmxInstance(light.port) };
    const agent = undo.use(await startAgent({ node, hub: hub.mqtt, instances, zones }));
    await untilRunning(hub, node);
    return { agent, light };
  };
  const a = await open("a", ["foyer", "house"]);
  const b = await open("b", ["house"]);
  const visitor = undo.use(await Visitor.connect(hub.mqtt));
  await light(visitor, { a, b }, 100);
  const kept = undo.move();
  return { hub, a, b, visitor, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function light(visitor: Visitor, lit: Readonly<Record<string, Lit>>, level: number): Promise<void> {
  for (const [node, { light }] of Object.entries(lit)) {
    await visitor.set(`${node}/stage/ch1`, level, { holdFor: seconds(60) });
    await eventually(`${node} at ${level}`, () => light.level(1) === level);
  }
}

const untilAt = (lit: Lit, level: number, timeout?: number): Promise<unknown> =>
  eventually(`channel 1 at ${level}`, () => lit.light.level(1) === level, timeout);

async function stopOf(hub: HubProgram) {
  return nodesResponse.parse(JSON.parse((await hub.get("/api/v1/nodes")).text)).stop;
}

const again = (
  lit: Lit,
  node: string,
  hub: HubProgram,
  zones: readonly string[] = [],
): Promise<AgentProgram> => startAgent({ node, hub: hub.mqtt, data: lit.agent.data, zones });

/** Frames that came since `from`: all of them dark, and at least one. */
async function expectDark(lit: Lit, from: number): Promise<void> {
  await eventually("frames", () => lit.light.frames.length > from + 2);
  expect(lit.light.frames.slice(from).every(({ levels }) => levels[0] === 0)).toBe(true);
}

describe("interactor stop", () => {
  test("stops every node, says who and how soon, and the release gives back what is wanted by then", async () => {
    await using house = await openHouse();
    const { hub, a, b, visitor } = house;

    const stopped = await interactor(hub, "stop");
    expect(stopped.err).toBe("");
    expect(stopped.code).toBe(0);
    expect(stopped.out).toMatch(
      /^SHOW STOP in all: 2 of 2 nodes stopped, the slowest, [ab], after [\d.]+ ms\n/,
    );
    expect([a.light.level(1), b.light.level(1)]).toEqual([0, 0]);
    await visitor.set("a/stage/ch1", 150, { holdFor: seconds(60) });
    const nodes = await interactor(hub, "nodes");
    expect(nodes.out).toMatch(/^SHOW STOP: stopped in all by cli:\S+, (now|\d+ s ago)\n/);
    expect(nodes.out).toMatch(/^a +ready, STOPPED /m);
    expect(await hub.metric("interactor_hub_show_stop", { zone: "all" })).toBe(1);
    await sleep(300);
    expect(a.light.level(1)).toBe(0);

    const released = await interactor(hub, "stop", "release");
    expect(released.code).toBe(0);
    expect(released.out).toMatch(/^show stop released in all: 2 of 2 nodes released/);
    await untilAt(a, 150);
    await untilAt(b, 100);
    expect(await hub.metric("interactor_hub_show_stop")).toBe(0);
    expect((await interactor(hub, "stop", "release")).out).toBe("no show stop holds all\n");
  });

  test("works with no node there, and whoever comes is stopped", async () => {
    await using hub = await startHub();

    const stopped = await interactor(hub, "stop", "--json");
    expect(stopped.code).toBe(0);
    expect(JSON.parse(stopped.out)).toMatchObject({ zone: "all", stopped: true, nodes: [] });

    await using receiver = await Light.open();
    const instances = { stage: dmxInstance(receiver.port) };
    await using _agent = await startAgent({ node: "a", hub: hub.mqtt, instances });
    await eventually("the latch on the node", async () => (await hub.node("a"))?.stop?.latches.length === 1);
  });

  test("names who has not answered and ends with a failure; who was away obeys when back", async () => {
    await using house = await openHouse();
    const { hub, a, b } = house;
    b.agent.process.kill("SIGSTOP");

    const stopped = await interactor(hub, "stop", "--timeout", "1s");
    expect(stopped.code).toBe(1);
    expect(stopped.out).toMatch(/^SHOW STOP in all: 1 of 2 nodes stopped/);
    expect(stopped.out).toMatch(/^ {2}b {2}NO ANSWER$/m);
    expect(stopped.err).toContain("no answer from b");
    await untilAt(a, 0);

    await eventually("b is lost", async () => (await hub.node("b"))?.state === "lost", 8000);
    const again = await interactor(hub, "stop");
    expect([again.code, again.err]).toEqual([0, ""]);
    expect(again.out).toMatch(/^SHOW STOP in all: 1 of 1 node stopped/);
    expect(again.out).toMatch(/^ {2}b {2}was away before; it stops when it is back$/m);

    b.agent.process.kill("SIGCONT");
    await untilAt(b, 0, 15_000);
    await eventually("b says so", async () => (await hub.node("b"))?.stop !== undefined);
  });

  test("in a zone stops the nodes in it, and a zone that is none is refused with those there are", async () => {
    await using house = await openHouse();
    const { hub, a, b } = house;

    const wrong = await interactor(hub, "stop", "--zone", "cellar");
    expect(wrong.code).toBe(3);
    expect(wrong.err).toContain('no zone "cellar"; there is all, foyer, house');
    expect((await interactor(hub, "stop", "--zone", "foyer")).out).toContain("in foyer: 1 of 1 node stopped");
    await untilAt(a, 0);
    expect(b.light.level(1)).toBe(100);
    expect((await interactor(hub, "stop", "--zone", "house")).out).toContain(
      "in house: 2 of 2 nodes stopped",
    );
    await untilAt(b, 0);

    const released = await interactor(hub, "stop", "release", "--zone", "house");
    expect(released.out).toMatch(/still stopped in foyer by cli:/);
    await untilAt(b, 100);
    await sleep(200);
    expect(a.light.level(1)).toBe(0);
    await interactor(hub, "stop", "release", "--zone", "foyer");
    await untilAt(a, 100);
  });
});

test("interactor stop without a hub says that nothing was stopped", async () => {
  const ran = await interactor({ http: "http://127.0.0.1:9" }, "stop");

  expect(ran.code).toBe(5);
  expect(ran.err).toMatch(/^interactor stop: NOTHING WAS STOPPED: no (hub|broker) at/);
});

describe("latches of several people", () => {
  test("at once all hold, and one release by another lets go of them", async () => {
    await using house = await openHouse();
    const { hub, a, b, visitor } = house;

    await Promise.all([interactor(hub, "stop"), interactor(hub, "stop"), visitor.latchStop(true)]);
    await untilAt(a, 0);
    await untilAt(b, 0);
    expect((await stopOf(hub))?.latches.length).toBe(3);

    await visitor.latchStop(false);
    await untilAt(a, 100);
    await untilAt(b, 100);
    expect((await stopOf(hub))?.latches).toEqual([]);
  });

  test("whose names are without end leave a node of eight universes connected, and stopped", async () => {
    await using hub = await startHub();
    await using light = await Light.open();
    const universes = Array.from(
      { length: 8 },
      (_, at) => [`u${at}`, dmxInstance(light.port, at + 1)] as const,
    );
    await using agent = await startAgent({
      node: "a",
      hub: hub.mqtt,
      instances: Object.fromEntries(universes),
    });
    await untilRunning(hub, "a");
    const client = await connectAsync(hub.mqtt, { clientId: "boaster" });
    const press = encodeStopLatch({ v: 1, latched: true, by: "x".repeat(4096), at: 1 });

    await client.publishAsync(siteTopics("demo").stop("all"), Buffer.from(press), { qos: 1 });
    await client.endAsync();

    await eventually("the node says so", async () => (await hub.node("a"))?.stop?.latches.length === 1);
    await sleep(2000);
    expect((await hub.node("a"))?.state).toBe("ready");
    expect((await hub.node("a"))?.stop?.latches[0]?.by.length).toBe(64);
    expect(agent.log()).not.toContain("lost the hub");
  });

  test("in a zone that is none are refused and counted, as is what is no latch", async () => {
    await using house = await openHouse();
    const { hub, a } = house;
    const client = await connectAsync(hub.mqtt, { clientId: "stranger" });
    const topics = siteTopics("demo");
    const good = encodeCbor({ v: 1, latched: true, by: "x", at: 1 });

    await client.publishAsync(topics.stop("cellar"), Buffer.from(good), { qos: 1, retain: true });
    for (const payload of [Buffer.from([0xff]), Buffer.alloc(0), Buffer.from(good.subarray(0, 9))]) {
      await client.publishAsync(topics.stop("all"), payload, { qos: 1, retain: true });
    }
    await client.endAsync();

    await eventually("all counted", async () => {
      const refused = async (reason: string) =>
        hub.metric("interactor_hub_messages_refused_total", { reason });
      return (
        (await refused("stop unknown-zone")) === 1 &&
        (await refused("stop empty")) === 1 &&
        (await refused("stop truncated")) === 1
      );
    });
    expect(a.light.level(1)).toBe(100);
    expect((await stopOf(hub))?.latches).toEqual([]);
  });
});

describe("a stop that holds", () => {
  test("holds over a kill of agent and hub, each alone and both together", async () => {
    await using house = await openHouse();
    const { hub, a, b, visitor } = house;
    await visitor.latchStop(true);
    await untilAt(a, 0);
    await untilAt(b, 0);
    await eventually("it is kept", async () => (await readdir(a.agent.data)).includes("stop.cbor"));

    await hub.signal("SIGKILL");
    await a.agent.signal("SIGKILL");
    const from = a.light.frames.length;
    await using a2 = await again(a, "a", hub, ["foyer", "house"]);
    await eventually("a runs alone", () => a2.log().includes("instance stage is running"));
    expect(a2.log()).toContain("show stop in all, kept over the restart");
    await expectDark(a, from);

    await using hub2 = await startHub(hub.place);
    await eventually("the hub knows", async () => (await stopOf(hub2))?.latches.length === 1);
    await untilRunning(hub2, "a");
    await untilRunning(hub2, "b");
    await b.agent.signal("SIGKILL");
    await using b2 = await again(b, "b", hub2, ["house"]);
    await eventually("b is stopped", async () => (await hub2.node("b"))?.stop?.latches.length === 1);

    await Promise.all([hub2.signal("SIGKILL"), a2.signal("SIGKILL"), b2.signal("SIGKILL")]);
    await using hub3 = await startHub(hub.place);
    await using _a3 = await again(a, "a", hub3, ["foyer", "house"]);
    await using _b3 = await again(b, "b", hub3, ["house"]);
    await untilRunning(hub3, "a");
    await untilRunning(hub3, "b");
    await expectDark(a, a.light.frames.length);
    await using late = await Visitor.connect(hub3.mqtt);
    await late.set("a/stage/ch1", 80, { holdFor: seconds(60) });
    await sleep(300);
    expect(a.light.level(1)).toBe(0);
    expect((await interactor(hub3, "stop", "release")).code).toBe(0);
    await untilAt(a, 80);
    await eventually("nothing is kept", async () => !(await readdir(a.agent.data)).includes("stop.cbor"));
  });

  test("is learnt from the nodes by a hub that has lost its folder, shown, and can be released", async () => {
    await using house = await openHouse();
    const { hub, a, b } = house;
    await interactor(hub, "stop", "--zone", "house");
    await untilAt(b, 0);
    await hub.signal("SIGKILL");
    for (const file of await readdir(hub.data)) await rm(join(hub.data, file), { recursive: true });

    await using hub2 = await startHub(hub.place);
    await eventually("the hub has learnt it", async () => {
      const stop = await stopOf(hub2);
      return stop?.latches.length === 1 && stop.latches[0]?.zone === "house";
    });
    expect(hub2.log()).toMatch(/show stop in house: node [ab] still held it/);
    await sleep(200);
    expect([a.light.level(1), b.light.level(1)]).toEqual([0, 0]);
    await eventually("both are back", async () =>
      (await hub2.nodes()).every(({ state }) => state === "ready"),
    );

    const released = await interactor(hub2, "stop", "release", "--zone", "house");
    expect(released.code).toBe(0);
    await untilAt(b, 100);
  });

  test("was released while a node was away: it lets go when it is back, also after a kill", async () => {
    await using house = await openHouse();
    const { hub, a, b } = house;
    await interactor(hub, "stop");
    await eventually("it is kept", async () => (await readdir(b.agent.data)).includes("stop.cbor"));
    await b.agent.signal("SIGKILL");
    await eventually("b is lost", async () => (await hub.node("b"))?.state === "lost", 8000);

    const released = await interactor(hub, "stop", "release", "--timeout", "500ms");
    expect([released.code, released.err]).toEqual([0, ""]);
    expect(released.out).toMatch(/^ {2}b {2}was away before; it is released when it is back$/m);
    await untilAt(a, 100);
    await using b2 = await again(b, "b", hub, ["house"]);
    await eventually("b is released", () => b2.log().includes("show stop released in all"));
    await eventually("nothing holds b", async () => {
      const node = await hub.node("b");
      return node?.state === "ready" && node.stop === undefined;
    });
    expect((await stopOf(hub))?.latches).toEqual([]);
  });
});

describe("a stop whose file is spoilt", () => {
  test.for([
    ["cut short", (good: Buffer) => good.subarray(0, good.length / 2)],
    [
      "with a bit that has flipped",
      (good: Buffer) => Buffer.from(good.map((byte, at) => (at === 20 ? byte ^ 1 : byte))),
    ],
    ["empty", () => Buffer.alloc(0)],
  ] as const)(
    "and is kept %s by a node counts as a stop of this node alone, until a release",
    async ([, spoil]) => {
      await using house = await openHouse();
      const { hub, a, b, visitor } = house;
      await visitor.latchStop(true);
      const kept = join(b.agent.data, "stop.cbor");
      const good = await eventually("it is kept", () => readFile(kept));
      await b.agent.signal("SIGKILL");
      await visitor.latchStop(false);
      await untilAt(a, 100);
      await writeFile(kept, spoil(good));

      await using b2 = await again(b, "b", hub, ["house"]);
      await untilRunning(hub, "b");
      expect(b2.log()).toContain("the kept show stop cannot be read");
      await eventually("b is held", async () => (await hub.node("b"))?.stop?.latches[0]?.local === true);
      expect(a.light.level(1)).toBe(100);
      expect((await interactor(hub, "nodes")).out).toMatch(
        /^SHOW STOP: stopped in node b by node: what it kept/m,
      );

      const released = await interactor(hub, "stop", "release");
      expect(released.out).toContain("1 of 1 node released");
      await eventually("b is free", async () => (await hub.node("b"))?.stop === undefined);
    },
  );

  test("is obeyed at once by a node and a hub whose disks take nothing, and is kept when they do again", async () => {
    await using house = await openHouse();
    const { hub, a } = house;
    // Where the draft would be written stands a folder.
    const drafts = [hub.data, a.agent.data].map((folder) => join(folder, "stop.cbor.new"));
    for (const draft of drafts) await mkdir(draft);

    expect((await interactor(hub, "stop")).out).toContain("2 of 2 nodes stopped");
    for (const program of [hub, a.agent]) {
      await eventually("words about it", () =>
        program.log().includes("the show stop could not be kept on disk"),
      );
    }
    const ready = await hub.get("/readyz");
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining("could not be kept on disk")]);
    await eventually("the node says so", async () => {
      const node = await hub.node("a");
      return node?.state === "degraded" && node.reasons.some((words) => words.includes("is not on disk"));
    });
    for (const draft of drafts) await rmdir(draft);

    await eventually("the latch on the node's disk", () => readFile(join(a.agent.data, "stop.cbor")));
    await eventually("the hub is ready", async () => (await hub.get("/readyz")).status === 200, 10_000);
    await eventually("the node too", async () => (await hub.node("a"))?.state === "ready");
    await hub.signal("SIGKILL");
    await a.agent.signal("SIGKILL");
    await using a2 = await again(a, "a", hub);
    expect(a2.log()).toContain("show stop in all, kept over the restart");
  });

  test("and is kept as garbage by the hub counts as a stop of all, loudly", async () => {
    await using house = await openHouse();
    const { hub, a } = house;
    await eventually("it is kept", async () => (await readdir(hub.data)).includes("stop.cbor"));
    await hub.signal("SIGKILL");
    await writeFile(join(hub.data, "stop.cbor"), "not what it was");

    await using hub2 = await startHub(hub.place);
    expect(hub2.log()).toContain("show stop in all, because what was kept of it cannot be read");
    await untilAt(a, 0, 15_000);
    expect((await interactor(hub2, "nodes")).out).toContain(
      "by hub: what it kept of the show stop cannot be read",
    );
    await untilRunning(hub2, "b");
    await untilRunning(hub2, "a");
    await interactor(hub2, "stop", "release");
    await untilAt(a, 100);
  });
});

test("an input with a lease on the hub's life is stopped while the hub is away, and others go on", async () => {
  await using hub = await startHub();
  await using receiver = await Light.open();
  const leases = { ch1: "5s" };
  const instances = { stage: { ...dmxInstance(receiver.port), leases } };
  await using agent = await startAgent({ node: "a", hub: hub.mqtt, instances });
  await untilRunning(hub, "a");
  await using visitor = await Visitor.connect(hub.mqtt);
  await visitor.set("a/stage/ch1", 90, { holdFor: seconds(60) });
  await visitor.set("a/stage/ch2", 91, { holdFor: seconds(60) });
  await eventually("both lit", () => receiver.level(1) === 90 && receiver.level(2) === 91);

  await hub.signal("SIGSTOP");
  const silentAt = performance.now();
  await eventually("channel 1 dark", () => receiver.level(1) === 0, 10_000);
  // The last word may have come up to a keepalive before.
  expect(performance.now() - silentAt).toBeGreaterThan(2500);
  expect(performance.now() - silentAt).toBeLessThan(7000);
  expect(receiver.level(2)).toBe(91);
  await hub.signal("SIGCONT");

  await eventually("channel 1 lit again", () => receiver.level(1) === 90, 15_000);
  expect(agent.process.exitCode).toBeNull();
});
