// A site file from the hub to light, over the API: what changes is what was written, and nothing else is touched.

import { afterEach, expect, test } from "vitest";
import { configPaths } from "@interactor/shared/wire/api-config";
import { Light } from "../light.ts";
import { type AgentProgram, eventually, type HubProgram, startAgent, startHub } from "../programs.ts";
import { filesOf, lampSite, quickly, SiteClient } from "./site-client.ts";

let undo = new AsyncDisposableStack();
afterEach(async () => {
  await undo.disposeAsync();
  undo = new AsyncDisposableStack();
});

interface Hall {
  readonly hub: HubProgram;
  readonly site: SiteClient;
  readonly light: Light;
  readonly agent: AgentProgram;
  textOf(level: number, more?: string): string;
  shows(level: number): Promise<unknown>;
}

async function openHall(): Promise<Hall> {
  const light = undo.use(await Light.open());
  const hub = undo.use(await startHub());
  const agent = undo.use(await startAgent({ node: "pi", hub: hub.mqtt, instances: {} }));
  await eventually("pi is there", async () => (await hub.node("pi"))?.state === "ready");
  return {
    hub,
    site: new SiteClient(hub.http),
    light,
    agent,
    textOf: (level, more = "") => lampSite({ ports: { pi: light.port }, level, more }),
    shows: (level) => eventually(`channel 1 is at ${level}`, () => light.level(1) === level),
  };
}

test("a line of it is planned, applied and taken back, with nothing else touched", async () => {
  const { hub, site, textOf, shows } = await openHall();
  expect(await site.plan(textOf(10))).toMatchObject({
    base: 0,
    nodes: [{ node: "pi", start: ["lamp", "stage"], there: true }],
  });
  const first = await site.apply(textOf(10));
  await site.until(first, "complete");
  await shows(10);

  expect(await site.plan(textOf(20))).toMatchObject({
    base: 1,
    unchanged: false,
    changes: [{ kind: "changed", what: "instance", name: "pi/lamp" }],
    nodes: [{ node: "pi", start: [], stop: [], restart: [], takeOver: ["lamp"], routes: { changed: [] } }],
    untouched: 0,
  });
  const second = await site.apply(textOf(20), { base: first });
  await site.until(second, "complete");
  await shows(20);
  await eventually("pi runs it", async () => {
    const node = await hub.node("pi");
    return node?.revision === second && node.converged;
  });

  const third = await site.rollback(first);
  await site.until(third, "complete");
  await shows(10);

  expect((await site.get(configPaths.revisions)).body).toMatchObject({
    revisions: [
      { number: 3, author: "ben", rollback_of: 1 },
      { number: 2, author: "anna", confirmed: true },
      { number: 1, confirmed: true },
    ],
  });
  expect(await site.changes(1, 3)).toEqual([]);
  expect(await site.changes(1, 2)).toMatchObject([{ kind: "changed", name: "pi/lamp" }]);
  expect((await site.get(`${configPaths.revisions}/2`)).body).toMatchObject({ ...filesOf(textOf(20)) });
});

test("the same again is no revision, and neither is one that somebody was quicker than", async () => {
  const { site, textOf } = await openHall();
  const first = await site.apply(textOf(10));
  await site.until(first, "complete");

  expect(await site.offer(textOf(10))).toMatchObject({ status: 200, body: { unchanged: true } });
  expect(await site.offer(textOf(20), { base: 7 })).toMatchObject({ status: 409 });
  expect(await site.plan(textOf(10))).toMatchObject({ unchanged: true, changes: [], nodes: [] });
});

test("everything that is wrong is told with its place, and nothing is taken over", async () => {
  const { site, textOf } = await openHall();
  const wrong = textOf(10).replace("module: dmx", "module: dmxx").replace("pi/lamp/level", "pi/lamp/levle");

  const { status, body } = await site.offer(wrong);

  expect(status).toBe(422);
  expect(body).toMatchObject({ more: 0 });
  expect(JSON.stringify(body)).toContain("did you mean dmx?");
  expect(JSON.stringify(body)).toContain("levle");
  expect((await site.get(configPaths.revisions)).body).toEqual({ revisions: [] });
});

test("while the mode has an audience it waits, until the mode is another or somebody has a reason", async () => {
  const { site, textOf, shows } = await openHall();
  await site.until(await site.apply(textOf(10)), "complete");
  await shows(10);
  expect(await site.setMode("site", "open")).toMatchObject({ status: 200 });
  expect(await site.plan(textOf(20))).toMatchObject({ nodes: [{ held: expect.stringContaining("open") }] });

  const second = await site.apply(textOf(20));
  await eventually("pi is held", async () => (await site.rollout(second)).nodes[0]?.state === "held");
  await shows(10);
  await site.setMode("site", "closed");
  await site.until(second, "complete");
  await shows(20);

  await site.setMode("hall", "open");
  const third = await site.apply(textOf(30), { override: { reason: "the lamp flickers" } });
  const done = await site.until(third, "complete");
  expect(done.override).toEqual({ by: "anna", reason: "the lamp flickers" });
  expect(await site.modes()).toMatchObject([
    { zone: "site", mode: "closed", by: "anna" },
    { zone: "hall", mode: "open", reason: "the doors" },
  ]);
  expect(await site.setMode("hall", "opn")).toMatchObject({
    status: 404,
    body: { hint: "did you mean open?" },
  });
  expect(await site.setMode("hal", "open")).toMatchObject({
    status: 404,
    body: { hint: "did you mean hall?" },
  });
});

test("a hub that is killed while a rollout is held says the same again, and goes on with it", async () => {
  const { hub, site, textOf, shows } = await openHall();
  await site.until(await site.apply(textOf(10)), "complete");
  await site.setMode("site", "open");
  const second = await site.apply(textOf(20));
  await eventually("pi is held", async () => (await site.rollout(second)).nodes[0]?.state === "held");

  await hub.signal("SIGKILL");
  const again = undo.use(await startHub(hub.place));
  const after = new SiteClient(again.http);
  await eventually(
    "pi is held",
    async () => (await after.rollout(second)).nodes[0]?.state === "held",
    20_000,
  );
  await shows(10);
  expect(await after.modes()).toMatchObject([{ zone: "site", mode: "open" }, { zone: "hall" }]);
  await after.setMode("site", "closed");
  await after.until(second, "complete");
  await shows(20);
});

test("a revision that a node goes back from is told with its reason, and the next one applies", async () => {
  const { site, textOf, shows } = await openHall();
  await site.until(await site.apply(textOf(10)), "complete");
  const bad = textOf(20).replace('{ level: "20" }', '{ level: "missing.thing" }');

  const paused = await site.until(await site.apply(bad), "paused");
  expect(paused.nodes).toMatchObject([{ node: "pi", state: "failed", code: "VETO" }]);
  expect(paused.nodes[0]?.reason).toContain("Unknown variable: missing");
  expect(paused.why).toBe("1 of 1 failed: pi (VETO)");

  await site.until(await site.apply(textOf(30)), "complete");
  await shows(30);
});

test("who is away gets it when it comes, and rollouts can be paused, resumed and aborted", async () => {
  const { hub, site, agent, textOf, shows } = await openHall();
  await site.until(await site.apply(textOf(10)), "complete");
  await shows(10);
  await agent.signal("SIGTERM");
  await eventually("pi is gone", async () => (await hub.node("pi"))?.state === "disconnected");
  const second = await site.apply(textOf(20));
  const act = (action: string, more: object = {}) =>
    site.post(`${configPaths.rollouts}/${second}/${action}`, { by: "anna", reason: "I look", ...more });

  expect(await site.rollout(second)).toMatchObject({ nodes: [{ node: "pi", state: "scheduled" }] });
  expect(await act("pause")).toMatchObject({ status: 200, body: { kind: "paused" } });
  expect(await act("pause")).toMatchObject({ status: 409 });
  expect(await act("resume")).toMatchObject({ status: 200, body: { kind: "running" } });
  undo.use(await startAgent({ node: "pi", hub: hub.mqtt, data: agent.data }));
  await site.until(second, "complete");
  await shows(20);
  expect(await act("abort", { take_back: true })).toMatchObject({ status: 200, body: { kind: "aborted" } });
  await shows(10);
  expect(await site.apply(textOf(20))).toBe(3);
  await shows(20);
});

test("routes.yaml is the small way to the same, and is not read any more beside a site file", async () => {
  const hub = undo.use(await startHub({ routes: "routes:\n  - { name: a, from: pi/x/y, to: pi/z/w }\n" }));
  const site = new SiteClient(hub.http);
  expect((await site.get(configPaths.revisions)).body).toMatchObject({
    revisions: [{ number: 1, author: "routes.yaml" }],
  });

  await site.apply(lampSite({ ports: { pi: 5568 }, level: 1 }), { rollout: quickly });

  await hub.signal("SIGTERM");
  const again = undo.use(await startHub(hub.place));
  expect((await again.get("/readyz")).text).toContain("routes.yaml is not read");
  expect((await new SiteClient(again.http).get(configPaths.revisions)).body).toMatchObject({
    revisions: [{ number: 2 }, { number: 1 }],
  });
});
