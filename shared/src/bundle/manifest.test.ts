import { describe, expect, test } from "vitest";
import { portsMax } from "../wire/limits.ts";
import type { InputSpec } from "../wire/messages/port.ts";
import { declaredPorts, type Manifest, needsOf, stopValue } from "./manifest.ts";

const manifestOf = (given: Partial<Manifest> = {}): Manifest => ({
  apiVersion: 1,
  id: "lights",
  version: "0.1.0",
  title: "Lights",
  worker: "shared",
  inputs: { all: { type: "float" } },
  outputs: { sent: { type: "int" } },
  ...given,
});

test("without settings an instance has the ports of its manifest", () => {
  expect(declaredPorts(manifestOf(), {})).toEqual({
    ok: true,
    value: { inputs: { all: { type: "float" } }, outputs: { sent: { type: "int" } } },
  });
});

test("ports from settings come to those of the manifest", () => {
  const manifest = manifestOf({ inputsFrom: "/dimmers", outputsFrom: "/line/fields" });
  const settings = {
    dimmers: { front: { type: "float", channel: 1, actuator: true } },
    line: { fields: { lux: { type: "float", unit: "lx" } } },
  };

  const declared = declaredPorts(manifest, settings);

  expect(declared).toMatchObject({
    ok: true,
    value: { inputs: { all: {}, front: { actuator: true } }, outputs: { sent: {}, lux: { unit: "lx" } } },
  });
});

test("settings as people write them need not say what all ports there are like", () => {
  const inputsLike = { type: "float", min: 0, max: 1, actuator: true } as const;
  const settings = { dimmers: { front: { channel: 1, label: "Front" }, all8: { channel: 2, max: 0.5 } } };

  expect(declaredPorts(manifestOf({ inputsFrom: "/dimmers", inputsLike }), settings)).toMatchObject({
    ok: true,
    value: { inputs: { front: { ...inputsLike, label: "Front" }, all8: { ...inputsLike, max: 0.5 } } },
  });
});

test("an input says what it is when it is released in its own words, or is refused", () => {
  const declared = (input: InputSpec) => declaredPorts(manifestOf({ inputs: { all: input } }), {});

  expect(declared({ type: "float", min: 0, max: 1, released: 1 })).toMatchObject({ ok: true });
  expect(declared({ type: "bool", released: false })).toMatchObject({ ok: true });
  for (const [input, words] of [
    [{ type: "bool", released: 0 }, 'the input "all" takes bool, and is 0 when it is released'],
    [{ type: "float", max: 1, released: 2 }, 'the input "all" is 2 when it is released, which is out of'],
    [{ type: "bool", actuator: true, released: false }, 'the input "all" is an actuator'],
    [{ type: "bool", once: true, released: false }, 'the input "all" is done `once`'],
  ] as const)
    expect(declared(input)).toMatchObject({ ok: false, error: expect.stringContaining(words) });
});

test("what is done once is nobody's to hold: an input that is this and an actuator is refused", () => {
  const declared = (input: InputSpec) => declaredPorts(manifestOf({ inputs: { go: input } }), {});

  expect(declared({ type: "bool", once: true })).toMatchObject({ ok: true });
  expect(declared({ type: "bool", once: true, actuator: false })).toMatchObject({ ok: true });
  expect(declared({ type: "bool", once: true, actuator: true })).toEqual({
    ok: false,
    error:
      'the input "go" is done `once`, and an `actuator` is told again what it holds: leave out one of them',
  });
});

describe("an instance needs", () => {
  const needs = (permission: NonNullable<Manifest["permissions"]>[number], settings: unknown) =>
    needsOf(manifestOf({ permissions: [permission] }), settings).map(({ kind, name, within, rank }) =>
      [kind, name, ...within, rank].join(" ").trim(),
    );

  test("what its module always needs, and what its settings name", () => {
    expect(needs({ kind: "file", names: ["/proc"] }, {})).toEqual(["file /proc"]);
    expect(needs({ kind: "pin", from: "/pin" }, { pin: 17 })).toEqual(["pin 17"]);
    expect(needs({ kind: "host", from: "/to" }, { to: ["a", "b"] })).toEqual(["host a", "host b"]);
    expect(needs({ kind: "pin", from: "/pin" }, { pin: { number: 17 } })).toEqual([]);
    expect(needs({ kind: "pin", from: "/pin" }, null)).toEqual([]);
  });

  test("a universe where it goes, and none when it goes nowhere", () => {
    const universe = {
      kind: "universe",
      from: "/universe",
      within: "/sacn/to",
      rank: "/sacn/priority",
    } as const;

    expect(needs(universe, { universe: 1, sacn: { to: "multicast", priority: 90 } })).toEqual([
      "universe 1 multicast 90",
    ]);
    expect(needs(universe, { universe: 1 })).toEqual([]);
    expect(needs(universe, { universe: 1, sacn: { enabled: false, to: "multicast" } })).toEqual([]);
  });
});

test("a place in the settings that is not there gives no ports", () => {
  for (const settings of [{}, { other: 1 }, null, "text", 7, []]) {
    expect(declaredPorts(manifestOf({ inputsFrom: "/dimmers" }), settings).ok).toBe(true);
  }
});

test("a pointer's escapes are read", () => {
  const settings = { "a/b": { "c~d": { front: { type: "bool" } } } };

  expect(declaredPorts(manifestOf({ inputsFrom: "/a~1b/c~0d" }), settings)).toMatchObject({
    ok: true,
    value: { inputs: { front: { type: "bool" } } },
  });
});

test("a pointer reaches no further than the settings' own content", () => {
  expect(declaredPorts(manifestOf({ inputsFrom: "/constructor" }), {})).toMatchObject({ ok: true });
});

test.each<readonly [string, unknown, RegExp]>([
  ["no map", 5, /settings\/dimmers is no map of ports/],
  ["a name that is none", { "Front Light": { type: "float" } }, /"Front Light" is not a name/],
  ["a port without a type", { front: { channel: 1 } }, /settings\/dimmers\/front is no port/],
  ["a type that is none", { front: { type: "number" } }, /settings\/dimmers\/front is no port/],
  ["a count of nothing", { front: { type: "int", count: 0 } }, /front is no port/],
  ["an input's name again", { all: { type: "float" } }, /"all" is used by two ports/],
  ["an output's name", { sent: { type: "float" } }, /"sent" is used by two ports/],
  [
    "too many",
    Object.fromEntries(Array.from({ length: portsMax }, (_, index) => [`p${index}`, { type: "bool" }])),
    /more than 1024 ports/,
  ],
])("settings with %s are refused in words", (_what, dimmers, words) => {
  const declared = declaredPorts(manifestOf({ inputsFrom: "/dimmers" }), { dimmers });

  expect(declared.ok ? "" : declared.error).toMatch(words);
});

describe("on a show stop an input goes", () => {
  test.each<readonly [string, InputSpec, unknown]>([
    ["to what it declares", { type: "float", stop: 0.2, min: 0.1 }, 0.2],
    ["to its least when that is of another type", { type: "float", stop: "off", min: 0.1 }, 0.1],
    ["to its least", { type: "int", min: 5 }, 5],
    ["to zero", { type: "float" }, 0],
    ["off", { type: "bool" }, false],
    ["to no text", { type: "text" }, ""],
  ])("%s", (_where, spec, value) => {
    expect(stopValue(spec)).toBe(value);
  });
});

test("what is counted otherwise is known by the number that it is elsewhere", () => {
  const permissions = [
    {
      kind: "universe",
      over: "Art-Net",
      from: "/universe",
      within: "/to",
      rather: [{ from: "/low", plus: 1, parts: { "/high": 16 } }],
    },
  ] as const;
  const needed = (settings: object) =>
    needsOf(manifestOf({ permissions }), { to: "all", universe: 7, ...settings }).map(
      ({ name, pointer, over }) => [name, pointer, over],
    );

  expect(needed({})).toEqual([["7", "/universe", "Art-Net"]]);
  expect(needed({ low: 0 })).toEqual([["1", "/low", "Art-Net"]]);
  expect(needed({ low: 2, high: 3 })).toEqual([["51", "/low", "Art-Net"]]);
  expect(needed({ low: "2", high: 3 })).toEqual([["7", "/universe", "Art-Net"]]);
});
