// Two lines and two universes on one node, and two nodes with a route across.

import { writeFile } from "node:fs/promises";
import { apiPaths, nodesResponse } from "@interactor/shared/wire/api";
import { setTimeout as sleep } from "node:timers/promises";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { describe, expect } from "vitest";
import { Light } from "./light.ts";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { requires } from "./requires.ts";
import { dmxInstance, serialInstance, untilRunning } from "./room.ts";
import { openTtyPair, type TtyPair } from "./tty-pair.ts";
import { Visitor } from "./visitor.ts";

const test = requires("socat");

const local = `routes:
  - { name: left, from: a/left/level, to: a/one/ch1 }
  - { name: right, from: a/right/level, to: a/two/ch1 }
`;
const routes = `${local}  - { name: across, from: a/left/other, to: b/stage/ch1, ttl: 1s }
`;

/**
 * Its looks on channel 1. On a busy machine a universe has been there for half a second before anybody drives it, and has
 * shown so.
 */
const lit = (light: Light) => light.looks(1).filter((level, index) => index > 0 || level > 0);

describe("one node", () => {
  test("reads two serial lines and lights two universes, each by itself", async () => {
    await using hall = await openHall();

    hall.left.say('{"level": 10}');
    await eventually("universe one at 10", () => hall.one.level(1) === 10);
    hall.right.say('{"level": 20}');
    await eventually("universe two at 20", () => hall.two.level(1) === 20);

    hall.left.say('{"level": 11}');
    await eventually("universe one at 11", () => hall.one.level(1) === 11);
    expect(lit(hall.two)).toEqual([20]);
    expect(lit(hall.one)).toEqual([10, 11]);
  });
});

describe("a route across", () => {
  test("runs on the hub and owns the input at the other node", async () => {
    await using hall = await openHall();

    hall.left.say('{"other": 33}');
    await eventually("b at 33", () => hall.far.level(1) === 33);

    await eventually("the route as owner", async () => {
      const owner = (await hall.hub.node("b"))?.owners["stage/ch1"];
      return owner?.kind === "route" && owner.by === "across";
    });
    expect(
      await hall.hub.metric("interactor_hub_route_runs_total", { route: "across", result: "passed" }),
    ).toBe(1);
    const { hub_routes } = nodesResponse.parse(JSON.parse((await hall.hub.get(apiPaths.nodes)).text));
    expect(hub_routes["across"]).toMatchObject({ to: "b/stage/ch1", passed: 1, failed: 0 });
    expect(Object.keys((await hall.hub.node("a"))?.routes ?? {}).toSorted()).toEqual(["left", "right"]);
    expect((await hall.hub.node("b"))?.routes).toEqual({});
  });

  test("that is new takes the latest value at once, and one that is gone lets go", async () => {
    await using hall = await openHall(local);
    await using visitor = await Visitor.connect(hall.hub.mqtt);
    hall.left.say('{"other": 33}');
    await eventually("the reading at the hub", () => visitor.values("a/left/other").at(-1) === 33);
    expect(hall.far.level(1) ?? 0).toBe(0);

    await writeFile(hall.hub.routesFile, routes);
    await eventually("b at 33", () => hall.far.level(1) === 33);
    await writeFile(hall.hub.routesFile, local);
    await eventually("b at 0", () => hall.far.level(1) === 0);

    await eventually("nobody owns it", async () => {
      const node = await hall.hub.node("b");
      return node?.converged === true && Object.keys(node.owners).length === 0;
    });
  });

  test("brings a node that was started again to where the site is", async () => {
    await using hall = await openHall();
    hall.left.say('{"other": 33}');
    await eventually("b at 33", () => hall.far.level(1) === 33);

    await hall.b.signal("SIGKILL");
    const frames = hall.far.frames.length;
    await using _again = await startAgent({ node: "b", hub: hall.hub.mqtt, data: hall.b.data });

    await eventually("b at 33 again", () => hall.far.frames.length > frames && hall.far.level(1) === 33);
  });
});

describe("a node that was away", () => {
  test("does not do what expired meanwhile, it is counted, and values are up to date", async () => {
    await using hall = await openHall();
    await using visitor = await Visitor.connect(hall.hub.mqtt);
    hall.left.say('{"other": 33}');
    await eventually("b at 33", () => hall.far.level(1) === 33);
    const ttl = millis(500);

    await hall.b.signal("SIGSTOP");
    // On its way when the node froze: it lies in the node's own socket until it thaws.
    await visitor.set("b/stage/ch2", 200, { ttl });
    await eventually("b is lost", async () => (await hall.hub.node("b"))?.state === "lost", 5000);
    // Waits at the hub.
    await visitor.set("b/stage/ch3", 201, { ttl });
    hall.left.say('{"other": 34}');
    await sleep(ttl + 500);
    await hall.b.signal("SIGCONT");
    await untilRunning(hall.hub, "b");

    await eventually("where the site is", () => hall.far.level(1) === 34);
    await visitor.set("b/stage/ch4", 202);
    await eventually("a command of now", () => hall.far.level(4) === 202);
    expect(hall.far.looks(2)).toEqual([0]);
    expect(hall.far.looks(3)).toEqual([0]);
    const expired = { node: "b", lane: "control", end: "expired" };
    expect(await hall.hub.metric("interactor_hub_down_lost_total", expired)).toBe(1);
    // Of what had left it only the node knows whether it came in time.
    const there = () => hall.hub.metric("interactor_agent_down_lost_total", expired);
    await eventually("the node says so", async () => (await there()) === 1);
    await eventually("nothing waits", async () => (await hall.hub.node("b"))?.queued === 0);
    const produced = await hall.hub.metric("interactor_hub_down_produced_total", { node: "b" });
    const delivered = await hall.hub.metric("interactor_hub_down_delivered_total", { node: "b" });
    const lost = await hall.hub.metric("interactor_hub_down_lost_total", { node: "b" });
    expect(produced).toBe((delivered ?? 0) + (lost ?? 0));
  });
});

describe("a command", () => {
  test("takes an input over, says who and until when, and gives back to where it should be by now", async () => {
    await using hall = await openHall();
    await using visitor = await Visitor.connect(hall.hub.mqtt);
    hall.left.say('{"other": 33}');
    await eventually("b at 33", () => hall.far.level(1) === 33);

    const askedAt = Date.now();
    await visitor.set("b/stage/ch1", 99, { holdFor: seconds(2) });
    await eventually("b at 99", () => hall.far.level(1) === 99);
    const owner = await eventually("who owns it", async () => {
      const owner = (await hall.hub.node("b"))?.owners["stage/ch1"];
      return owner?.kind === "manual" && owner;
    });
    hall.left.say('{"other": 44}');

    expect(owner.by).toBe("visitor");
    // The node says when in the site's time, which it knows to a few milliseconds.
    expect(Date.parse(owner.until ?? "") - askedAt).toBeGreaterThanOrEqual(1950);
    await eventually("b at 44", () => hall.far.level(1) === 44);
    expect(Date.now() - askedAt).toBeGreaterThanOrEqual(2000);
    expect(lit(hall.far)).toEqual([33, 99, 44]);
    await eventually(
      "the route owns it",
      async () => (await hall.hub.node("b"))?.owners["stage/ch1"]?.kind === "route",
    );

    await visitor.set("b/stage/ch1", 98, { holdFor: seconds(60) });
    await eventually("b at 98", () => hall.far.level(1) === 98);
    await visitor.release("b/stage/ch1");
    await eventually("b at 44", () => hall.far.level(1) === 44);
  });

  test("after the other, 200 as a slider sends them: all arrive in order, and the last one stays", async () => {
    await using hall = await openHall();
    await using visitor = await Visitor.connect(hall.hub.mqtt);
    const levels = Array.from({ length: 200 }, (_, index) => index + 1);

    await Promise.all(levels.map((level) => visitor.set("a/one/ch50", level)));

    await eventually("the last one", () => hall.one.level(50) === 200);
    await eventually("all delivered", async () => {
      const labels = { node: "a", lane: "control" };
      return ((await hall.hub.metric("interactor_hub_down_delivered_total", labels)) ?? 0) >= 200;
    });
    await sleep(200);
    const looks = hall.one.looks(50);
    expect(looks).toEqual(looks.toSorted((left, right) => left - right));
    expect(looks.at(-1)).toBe(200);
    expect(await hall.hub.metric("interactor_hub_down_lost_total", { node: "a" })).toBeUndefined();
    await eventually("the last one for who watches", () => visitor.values("a/one/ch50").at(-1) === 200);
  });
});

describe("a hub that is started again", () => {
  test("has both nodes, their values and its routes back", async () => {
    await using hall = await openHall();
    hall.left.say('{"level": 10, "other": 33}');
    hall.right.say('{"level": 20}');
    await eventually("b at 33", () => hall.far.level(1) === 33);
    await eventually("a at 10 and 20", () => hall.one.level(1) === 10 && hall.two.level(1) === 20);

    await hall.hub.signal("SIGKILL");
    await using again = await startHub(hall.hub.place);
    await untilRunning(again, "a");
    await untilRunning(again, "b");

    const expected = {
      "a/left/level": 10,
      "a/left/other": 33,
      "a/right/level": 20,
      "a/one/ch1": 10,
      "a/two/ch1": 20,
      "b/stage/ch1": 33,
    };
    await eventually("every value retained", async () => {
      await using visitor = await Visitor.connect(again.mqtt);
      await sleep(200);
      return Object.entries(expected).every(([address, value]) => visitor.values(address).at(-1) === value);
    });
    hall.left.say('{"other": 34}');
    await eventually("b at 34", () => hall.far.level(1) === 34);
  });
});

interface Hall extends AsyncDisposable {
  readonly hub: HubProgram;
  readonly a: AgentProgram;
  readonly b: AgentProgram;
  /** Serial lines of `a`. */
  readonly left: TtyPair;
  readonly right: TtyPair;
  /** Universes of `a`. */
  readonly one: Light;
  readonly two: Light;
  /** The universe of `b`. */
  readonly far: Light;
}

async function openHall(text = routes): Promise<Hall> {
  await using undo = new AsyncDisposableStack();
  const left = undo.use(await openTtyPair());
  const right = undo.use(await openTtyPair());
  const one = undo.use(await Light.open());
  const two = undo.use(await Light.open());
  const far = undo.use(await Light.open());
  const hub = undo.use(await startHub({ routes: text }));
  const instances = {
    left: serialInstance(left.path),
    right: serialInstance(right.path),
    one: dmxInstance(one.port, 1),
    two: dmxInstance(two.port, 2),
  };
  const a = undo.use(await startAgent({ node: "a", hub: hub.mqtt, instances }));
  const b = undo.use(
    await startAgent({ node: "b", hub: hub.mqtt, instances: { stage: dmxInstance(far.port, 3) } }),
  );
  await untilRunning(hub, "a");
  await untilRunning(hub, "b");
  const kept = undo.move();
  return { hub, a, b, left, right, one, two, far, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
