// What happens when programs die, freeze or lose their network, and how it heals by itself.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeNodeState, encodeNodeState } from "@interactor/shared/wire/messages/state";
import { micros } from "@interactor/shared/kernel/units";
import { type Session, sessionOf } from "@interactor/shared/wire/session";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { connectAsync, type MqttClient } from "mqtt";
import { describe, expect } from "vitest";
import type { BystanderQuestion } from "./bystander.ts";
import { debuggable, endWorker } from "./debugger.ts";
import { type Namespace, openNamespace, requiresNamespaces, sweepNamespaces } from "./namespaces.ts";
import {
  type AgentProgram,
  eventually,
  type HttpAnswer,
  type HubProgram,
  startAgent,
  startHub,
} from "./programs.ts";
import { Remote } from "./remote.ts";
import { requires } from "./requires.ts";
import {
  deskToStage,
  dmxInstance,
  openRoom,
  say,
  serialInstance,
  untilFlowing,
  untilRunning,
} from "./room.ts";
import { openTtyPair } from "./tty-pair.ts";
import { Visitor } from "./visitor.ts";

const test = requires("socat");

/** The promise: a node that is gone is called lost within this. */
const lostWithin = 5000;

const untilLost = (hub: HubProgram): Promise<unknown> =>
  eventually("node a is lost", async () => (await hub.node("a"))?.state === "lost", lostWithin);

const untilMissed = (agent: AgentProgram): Promise<unknown> =>
  eventually("the agent says that it lost the hub", () => agent.log().includes("lost the hub"), lostWithin);

describe("an agent", () => {
  test("that is killed is lost within 5 s, and is back when it is started again", async () => {
    await using room = await openRoom();
    await untilFlowing(room, 10);

    await room.agent.signal("SIGKILL");
    await untilLost(room.hub);
    await using _again = await startAgent({ node: "a", hub: room.hub.mqtt, data: room.agent.data });

    await untilRunning(room.hub, "a");
    await untilFlowing(room, 11);
  });

  test("that freezes is lost within 5 s, and is back by itself when it thaws", async () => {
    await using room = await openRoom();
    await untilFlowing(room, 10);

    await room.agent.signal("SIGSTOP");
    await untilLost(room.hub);
    await room.agent.signal("SIGCONT");

    await untilRunning(room.hub, "a");
    await untilFlowing(room, 11);
  });

  test("starts a worker again that died, with what its inputs hold", async () => {
    await using room = await openRoom(deskToStage, debuggable);
    await untilFlowing(room, 10);
    const frames = room.light.frames.length;

    await endWorker(room.agent, "dmx");
    await untilFailed("stage");
    await untilRunning(room.hub, "a");

    await eventually(
      "the look it had",
      () => room.light.frames.length > frames && room.light.level(1) === 10,
    );
    await untilFlowing(room, 11);
    await endWorker(room.agent, "shared");
    await untilFailed("desk");
    await untilRunning(room.hub, "a");
    await untilFlowing(room, 12);

    async function untilFailed(instance: string): Promise<void> {
      await eventually(`${instance} failed`, async () => {
        const { state, reason } = (await room.hub.node("a"))?.instances[instance] ?? {};
        return state === "failed" && reason?.includes("died: it ended with code 9");
      });
    }
  });
});

describe("while the hub is away", () => {
  test("local routes go on when it is killed, and all is back when it is started again", async () => {
    await using room = await openRoom();
    await untilFlowing(room, 10);

    await room.hub.signal("SIGKILL");
    await untilMissed(room.agent);
    await untilFlowing(room, 11);
    await using again = await startHub(room.hub.place);

    await untilRunning(again, "a");
    await untilFlowing(room, 12);
    await using visitor = await Visitor.connect(again.mqtt);
    await eventually("the values it has not seen change", () => visitor.values("a/stage/ch1").includes(12));
  });

  test("local routes go on when it freezes, and all is back when it thaws", async () => {
    await using room = await openRoom();
    await using visitor = await Visitor.connect(room.hub.mqtt);
    await untilFlowing(room, 10);

    await room.hub.signal("SIGSTOP");
    await untilMissed(room.agent);
    await untilFlowing(room, 11);
    await room.hub.signal("SIGCONT");

    await untilRunning(room.hub, "a");
    await untilFlowing(room, 12);
    await eventually("values at the hub", () => visitor.values("a/desk/level").at(-1) === 12);
  });

  test("an agent that starts runs the routes it kept", async () => {
    await using room = await openRoom();
    await room.hub.signal("SIGKILL");
    await room.agent.signal("SIGKILL");

    await using alone = await startAgent({ node: "a", hub: room.hub.mqtt, data: room.agent.data });
    await untilInstancesRun(alone);

    await untilFlowing(room, 20);
    expect(alone.log()).not.toContain("connected to the hub");
  });

  test("a hub that never had routes takes none away from an agent that has some", async () => {
    await using room = await openRoom();
    await room.hub.signal("SIGKILL");

    const { data: _, ...ports } = room.hub.place;
    await using stranger = await startHub({ routes: "routes: 7\n", ...ports });
    await eventually(
      "the agent is ready at the other hub",
      async () => (await stranger.node("a"))?.state === "ready",
    );

    await untilFlowing(room, 30);
    expect(Object.keys((await stranger.node("a"))?.routes ?? {})).toEqual(["level"]);
  });

  test.for([
    ["cut short", (good: Buffer) => good.subarray(0, good.length / 2)],
    ["garbage", () => Buffer.from("\u0000\u00ff not what it was ".repeat(20))],
    ["empty", () => Buffer.alloc(0)],
  ] as const)(
    "an agent whose kept plan is %s starts, says so, and takes the hub's later",
    async ([, spoil]) => {
      await using room = await openRoom();
      await room.hub.signal("SIGKILL");
      await room.agent.signal("SIGKILL");
      const contents = join(room.agent.data, "apply", "content");
      const good = new Map<string, Buffer>();
      for (const name of await readdir(contents)) {
        const kept = join(contents, name);
        good.set(kept, await readFile(kept));
        await writeFile(kept, spoil(await readFile(kept)));
      }

      await using alone = await startAgent({ node: "a", hub: room.hub.mqtt, data: room.agent.data });
      await eventually("a line about it", () =>
        alone.log().includes("does not have the bytes of its digest"),
      );
      await using again = await startHub(room.hub.place);

      await untilRunning(again, "a");
      await untilFlowing(room, 30);
      await eventually("the plan on disk", async () => {
        const all = [...good].map(async ([kept, bytes]) => (await readFile(kept)).equals(bytes));
        return (await Promise.all(all)).every((isGood) => isGood);
      });
    },
  );
});

describe("the network", () => {
  const test = requiresNamespaces("socat", "iptables");

  test.for([
    ["to the hub", "--dport"],
    ["from the hub", "--sport"],
  ] as const)("drops packets %s: both sides notice, routes go on, and it heals", async ([, side]) => {
    await using room = await openRoomApart();
    await room.untilFlowing(10);

    await room.firewall("-A", side);
    await Promise.all([untilLost(room.hub), untilMissed(room.agent)]);
    await room.untilFlowing(11);
    await room.firewall("-D", side);

    await untilRunning(room.hub, "a", 30_000);
    await room.untilFlowing(12);
  });

  test("holds back the end of a killed agent: the next life is not taken for dead", async () => {
    await using room = await openRoomApart();
    const before = await room.hub.node("a");
    const port = (
      await room.namespace.run("ss", "-tnH", "state", "established", "dport", "=", `:${room.mqttPort}`)
    )
      .trim()
      .split(/\s+/)[2]
      ?.split(":")[1];
    expect(port).toMatch(/^\d+$/);
    await room.namespace.run(..."iptables -A OUTPUT -p tcp --sport".split(" "), String(port), "-j", "DROP");

    await room.agent.signal("SIGKILL");
    expect((await room.hub.node("a"))?.state).toBe("ready");
    await using again = await startAgent({
      node: "a",
      hub: room.hub.mqtt,
      data: room.agent.data,
      prefix: room.namespace.prefix,
    });
    await eventually("the new life", async () => {
      const node = await room.hub.node("a");
      const isThere = again.log().includes("connected to the hub");
      return isThere && node?.state === "ready" && node.since !== before?.since;
    });
    await untilRunning(room.hub, "a");

    for (const end = performance.now() + lostWithin; performance.now() < end; await sleep(100)) {
      expect((await room.hub.node("a"))?.state).toBe("ready");
    }
  });
});

describe("a late death", () => {
  test("of an earlier connection or an earlier life changes nothing", async () => {
    await using hub = await startHub();
    const first = sessionOf(new Uint8Array(8).fill(1));
    const second = sessionOf(new Uint8Array(8).fill(2));

    await using _one = await connectByHand(hub, first, 1);
    await untilReady(1);
    await using two = await connectByHand(hub, first, 2);
    await two.die(first, 1);
    await untilRefused(1);
    await expectReady({ session: first, connection: 2 });
    await using three = await connectByHand(hub, second, 1);
    await three.die(first, 2);
    await untilRefused(2);
    await expectReady({ session: second, connection: 1 });

    await three.die(second, 1);
    await eventually("a death that counts", async () => (await hub.node("ghost"))?.state === "lost");

    async function untilReady(connection: number): Promise<void> {
      await eventually(`there ${connection}`, async () => (await hub.node("ghost"))?.state === "init");
    }

    /** Deaths that were no longer true are counted, those of connections that were taken over among them. */
    async function untilRefused(atLeast: number): Promise<void> {
      await eventually("a refused death", async () => {
        const labels = { reason: "death stale-session" };
        return ((await hub.metric("interactor_hub_messages_refused_total", labels)) ?? 0) >= atLeast;
      });
    }

    async function expectReady(life: { session: Session; connection: number }): Promise<void> {
      expect((await hub.node("ghost"))?.state).toBe("init");
      await using visitor = await Visitor.connect(hub.mqtt, [nodeTopics("demo", "ghost").state]);
      const retained = await eventually("a retained state", () => visitor.heard.at(-1));
      expect(retained.isRetained).toBe(true);
      const state = decodeNodeState(retained.payload);
      expect(state.ok && state.value).toMatchObject({ kind: "birth", ...life });
    }
  });
});

describe("two units of one name", () => {
  test("the second is refused and both are named, and the first is not disturbed", async () => {
    await using room = await openRoom();
    await untilFlowing(room, 10);
    const unit = (await room.hub.node("a"))?.unit ?? "";

    await using second = await startAgent({ node: "a", hub: room.hub.mqtt, instances: {} });
    const other = (await readFile(join(second.data, "unit"), "utf8")).trim();
    await eventually("words at the second", () =>
      second.log().includes("is another unit running under its name?"),
    );

    const line = await eventually("both in the hub's log", () =>
      room.hub
        .log()
        .split("\n")
        .find((each) => each.includes(unit) && each.includes(other)),
    );
    expect(line).toContain('node \\"a\\"');
    await untilFlowing(room, 11);
    expect(room.agent.log()).not.toContain("lost the hub");
    expect(await room.hub.node("a")).toMatchObject({ state: "ready", unit });
  });
});

describe("routes.yaml", () => {
  const wrong = `routes:
  - { name: level, from: a/desk/level, to: a/stage/ch1, map: valu * 2 }
  - { name: Other, from: a/desk/level, to: stage/ch2 }
`;
  const doubled = deskToStage.replace("ch1 }", "ch1, map: value * 2 }");

  test("that is wrong changes nothing, and is taken over when it is right, without a restart", async () => {
    await using room = await openRoom();
    const revision = (await room.hub.node("a"))?.revision;

    await writeFile(room.hub.routesFile, wrong);
    const answer = await eventually("not ready", async () => {
      const answer = await room.hub.get("/readyz");
      return answer.status === 503 && answer;
    });
    for (const words of [answer.text, room.hub.log()]) {
      expect(words).toMatch(/routes\.yaml:2:\d+: routes\[0\]\.map: .*valu.*did you mean value\?/);
      expect(words).toMatch(/routes\.yaml:3:\d+: routes\[1\]\.name/);
      expect(words).toMatch(/routes\.yaml:3:\d+: routes\[1\]\.to/);
    }
    await untilFlowing(room, 10);
    await room.hub.signal("SIGKILL");
    await using again = await startHub(room.hub.place);
    await untilRunning(again, "a");
    expect((await again.node("a"))?.revision).toBe(revision);
    expect((await again.get("/readyz")).status).toBe(503);

    await writeFile(again.routesFile, doubled);
    await eventually("ready", async () => (await again.get("/readyz")).status === 200);
    say(room.desk, 40);
    await eventually("channel 1 at twice the level", () => room.light.level(1) === 80);
  });
});

describe("a show stop", () => {
  test("takes every actuator to its stop value, outlives the agent, and gives back when it is released", async () => {
    await using room = await openRoom();
    await using visitor = await Visitor.connect(room.hub.mqtt);
    await untilFlowing(room, 50);

    await visitor.latchStop(true);
    await eventually("channel 1 at 0", () => room.light.level(1) === 0);
    await eventually("the stop as owner", async () => {
      return (await room.hub.node("a"))?.stop?.latches[0]?.by === "visitor";
    });
    say(room.desk, 60);
    await eventually("the reading at the hub", () => visitor.values("a/desk/level").at(-1) === 60);
    await room.agent.signal("SIGKILL");
    await using again = await startAgent({ node: "a", hub: room.hub.mqtt, data: room.agent.data });
    await eventually("the stop again", () => again.log().includes("show stop"));
    await untilRunning(room.hub, "a");
    const frames = room.light.frames.length;
    say(room.desk, 70);
    await eventually("the reading at the hub", () => visitor.values("a/desk/level").at(-1) === 70);
    await eventually("frames", () => room.light.frames.length > frames);
    expect(room.light.looks(1).at(-1)).toBe(0);

    await visitor.latchStop(false);
    await eventually("channel 1 where it should be by now", () => room.light.level(1) === 70);
  });
});

/** The instances work, by the agent's own words. */
const untilInstancesRun = (agent: AgentProgram): Promise<unknown> =>
  eventually("the instances run", () =>
    ["desk", "stage"].every((name) => agent.log().includes(`instance ${name} is running`)),
  );

interface RoomApart extends AsyncDisposable {
  readonly namespace: Namespace;
  readonly mqttPort: number;
  readonly hub: HubProgram;
  readonly agent: AgentProgram;
  /** Begins (-A) or ends (-D) to drop MQTT packets to (--dport) or from (--sport) the hub. */
  firewall(change: "-A" | "-D", side: "--dport" | "--sport"): Promise<unknown>;
  untilFlowing(level: number): Promise<void>;
}

/** A room in a network namespace of its own. */
async function openRoomApart(): Promise<RoomApart> {
  await sweepNamespaces();
  await using undo = new AsyncDisposableStack();
  const namespace = undo.use(await openNamespace("room"));
  const { prefix } = namespace;
  const file = join(import.meta.dirname, "bystander.ts");
  const bystander = undo.use(new Remote([...prefix, process.execPath, file]));
  const ask = (question: BystanderQuestion): Promise<unknown> => bystander.ask(question);
  const port = Number(await ask({ kind: "light" }));
  const desk = undo.use(await openTtyPair());
  const fetch = async (url: string) => (await ask({ kind: "get", url })) as HttpAnswer;
  const hub = undo.use(await startHub({ routes: deskToStage, prefix, fetch }));
  const instances = { desk: serialInstance(desk.path), stage: dmxInstance(port) };
  const agent = undo.use(await startAgent({ node: "a", hub: hub.mqtt, instances, prefix }));
  await untilRunning(hub, "a");
  const mqttPort = hub.place.mqttPort ?? 0;
  const kept = undo.move();
  return {
    namespace,
    mqttPort,
    hub,
    agent,
    firewall: (change, side) =>
      namespace.run("iptables", change, "INPUT", "-p", "tcp", side, String(mqttPort), "-j", "DROP"),
    async untilFlowing(level) {
      say(desk, level);
      await eventually(
        `channel 1 at ${level}`,
        async () => (await ask({ kind: "level", port, channel: 1 })) === level,
      );
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface ByHand extends AsyncDisposable {
  /** Publishes a death, retained. */
  die(session: Session, connection: number): Promise<void>;
}

/** Plays an agent `ghost` that connects and is born. */
async function connectByHand(hub: HubProgram, session: Session, connection: number): Promise<ByHand> {
  const topic = nodeTopics("demo", "ghost").state;
  const death = (session: Session, connection: number): Buffer =>
    Buffer.from(encodeNodeState({ v: 1, kind: "death", session, connection, reason: "lost" }));
  const client: MqttClient = await connectAsync(hub.mqtt, {
    clientId: "demo/ghost",
    username: "unit-1",
    reconnectPeriod: 0,
    will: { topic, payload: death(session, connection), qos: 1, retain: true },
  });
  client.on("error", () => undefined);
  const at = micros(Date.now() * 1000);
  const life = { session, connection, unit: "unit-1", agentVersion: "0", at, instances: {} };
  const birth = encodeNodeState({ v: 1, kind: "birth", ...life });
  await client.publishAsync(topic, Buffer.from(birth), { qos: 1, retain: true });
  return {
    die: async (session, connection) => {
      await client.publishAsync(topic, death(session, connection), { qos: 1, retain: true });
    },
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}
