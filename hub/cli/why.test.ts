import { expect, test } from "vitest";
import { micros, millis } from "@interactor/shared/kernel/units";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { FoundInput } from "./find-input.ts";
import { shownOn } from "./why-universe.ts";
import { type Known, whyJson, whyLines } from "./why.ts";

const now = new Date("2026-11-21T05:00:10.000Z");
const since = "2026-11-21T05:00:05.000Z";

function inputOwnedBy(owner: FoundInput["owner"], isActuator = true): FoundInput {
  return {
    address: { node: "demo", instance: "dmx", port: "front" },
    spec: { type: "float", actuator: isActuator },
    owner,
    node: {
      node: "demo",
      state: "ready",
      reasons: [],
      since: "2026-11-21T04:00:00.000Z",
      unit: "pi",
      agent_version: "0.1.0",
      last_seen: since,
      revision: 1,
      converged: true,
      queued: 0,
      instances: {},
      owners: {},
      routes: {},
    },
  };
}

const approach: CompiledRoute = {
  name: "approach",
  from: "demo/sim/distance",
  to: "demo/dmx/front",
  map: "value * 2",
  ttl: millis(5000),
  lane: 2,
};
const known: Known = { value: { at: micros(0), quality: 0, flags: 0, value: 0.5 }, routes: [approach] };

test("a route that owns an input is shown with where it comes from", () => {
  const lines = whyLines(inputOwnedBy({ kind: "route", by: "approach", since }), known, now);

  expect(lines[0]).toBe("demo/dmx/front = 0.5");
  expect(lines[1]).toBe("owner    route approach from demo/sim/distance, map value * 2");
  expect(lines[2]).toMatch(/^since {4}.*\(5 s ago\)$/);
  expect(lines).toHaveLength(3);
});

test("an input of an instance that works in part says what does not work", () => {
  const input = inputOwnedBy(undefined);
  const dmx = { module: "dmx", version: "1", state: "running" as const, inputs: {}, outputs: {} };
  const withDmx = (more: { reason?: string }): FoundInput => ({
    ...input,
    node: { ...input.node, instances: { dmx: { ...dmx, ...more } } },
  });

  expect(whyLines(withDmx({ reason: "USB: it is away" }), known, now)).toContain(
    "instance dmx is degraded: USB: it is away",
  );
  expect(whyLines(withDmx({}), known, now).join()).not.toContain("instance");
});

test("beneath a value set by hand waits the route that will have it back", () => {
  const until = "2026-11-21T05:00:15.000Z";
  const lines = whyLines(inputOwnedBy({ kind: "manual", by: "cli:anna@desk", since, until }), known, now);

  expect(lines).toContain("owner    manual by cli:anna@desk");
  expect(lines).toContain("beneath  route approach from demo/sim/distance, map value * 2");
  expect(lines.find((line) => line.startsWith("until"))).toContain("(5 s left)");
});

test("what nobody owns, and what nobody can own, are told apart", () => {
  const nothing = { value: undefined, routes: [] };

  expect(whyLines(inputOwnedBy(undefined), nothing, now)).toEqual([
    "demo/dmx/front has no value yet",
    "owner    nobody: no value has come for it",
  ]);
  expect(whyLines(inputOwnedBy(undefined, false), nothing, now)[1]).toContain("no actuator");
});

test("what a route has let go of has no value, and the route is named beneath it", () => {
  const at = micros(new Date(since).getTime() * 1000);
  const letGo: Known = { value: { at, quality: 0, flags: 0, value: null }, routes: [approach] };

  const [value, owner, route] = whyLines(inputOwnedBy(undefined), letGo, now);

  expect(value).toBe("demo/dmx/front has no value: nobody holds it");
  expect(owner).toMatch(/^owner {4}nobody: who had it let go .*\(5 s ago\)$/);
  expect(route).toBe("route    route approach from demo/sim/distance, map value * 2");
});

test("a state that nobody has set is at rest, and one that somebody has set is his", () => {
  const state = (owner: FoundInput["owner"]): FoundInput => ({
    ...inputOwnedBy(owner, false),
    spec: { type: "bool", released: false },
  });
  const nothing = { value: undefined, routes: [] };
  const dark = { value: { at: micros(0), quality: 0, flags: 0, value: true }, routes: [] } as const;

  expect(whyLines(state(undefined), nothing, now)).toEqual([
    "demo/dmx/front = false",
    "owner    nobody: it is at rest, which is false; whoever sets it last has it",
  ]);
  expect(whyLines(state({ kind: "manual", by: "dashboard", since }), dark, now).slice(0, 2)).toEqual([
    "demo/dmx/front = true",
    "owner    manual by dashboard",
  ]);
  expect(JSON.parse(whyJson(state(undefined), nothing))).toMatchObject({ value: false, released: false });
});

test("a program gets the same as JSON", () => {
  const json: unknown = JSON.parse(whyJson(inputOwnedBy({ kind: "route", by: "approach", since }), known));

  expect(json).toMatchObject({
    address: "demo/dmx/front",
    value: 0.5,
    owner: { kind: "route", by: "approach" },
    routes: [{ name: "approach", from: "demo/sim/distance" }],
  });
});

/** A desk stands above what the instance's own inputs want on channels 10 and 11. */
function universeWith(given: { readonly master?: number; readonly blackout?: boolean } = {}) {
  const levels = new Uint8Array(512);
  const shown = new Uint8Array(512);
  levels.set([128, 7], 9);
  shown.set([2, 1], 9);
  const sources = ["dimmers", "desk Art-Net 192.168.1.9"];
  return {
    monitor: { levels, shown, sources, master: 1, blackout: false, ...given },
    patch: { front: [10, 11] },
  };
}

test("who really shows on the channels of an input is told, whoever owns it", () => {
  const owned = inputOwnedBy({ kind: "route", by: "approach", since });

  const lines = whyLines(owned, { ...known, shown: shownOn("front", universeWith()) }, now);

  expect(lines.filter((line) => line.startsWith("shows"))).toEqual([
    "shows    channel 10 · 128 · 50\u00a0% · desk Art-Net 192.168.1.9, and not this input",
    "shows    channel 11 · 7 · 3\u00a0% · dimmer or fixture",
  ]);
});

test("a raw channel has its own slot, and what dims everything is told with it", () => {
  const universe = universeWith({ master: 0.4, blackout: true });
  const lines = whyLines(
    inputOwnedBy(undefined),
    { value: undefined, routes: [], shown: shownOn("ch10", universe) },
    now,
  );

  expect(lines.slice(2)).toEqual([
    "shows    channel 10 · 128 · 50\u00a0% · desk Art-Net 192.168.1.9",
    "dimmed   by BLACKOUT",
    "dimmed   by master 40\u00a0%",
  ]);
});

test("an input that stands on no channel has no source", () => {
  expect(shownOn("cue-go", universeWith())).toBeUndefined();
  expect(shownOn("ch513", universeWith())).toBeUndefined();
  expect(shownOn("front", { monitor: undefined, patch: { front: [10] } })).toBeUndefined();
});

test("a program gets who shows as well", () => {
  const owned = inputOwnedBy({ kind: "route", by: "approach", since });

  expect(JSON.parse(whyJson(owned, { ...known, shown: shownOn("front", universeWith()) }))).toMatchObject({
    shown: {
      channels: [
        { channel: 10, level: 128, source: "desk Art-Net 192.168.1.9" },
        { channel: 11, level: 7, source: "dimmers" },
      ],
      master: 1,
      blackout: false,
    },
  });
});
