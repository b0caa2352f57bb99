import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { seededRandom } from "../kernel/random.ts";
import { ok } from "../kernel/result.ts";
import { testModules } from "../testing/module-declarations.ts";
import { builtInModules } from "./built-in-modules.ts";
import { DeclaredModules } from "./catalogue.ts";
import { compileSite } from "./compile-site.ts";
import { type CompiledSite, siteBytes } from "./compiled-site.ts";
import { changeLines, siteChanges } from "./site-diff.ts";
import { siteExample } from "./site-example.ts";

const catalogue = new DeclaredModules([...builtInModules, ...testModules]);

function compiled(text: string): CompiledSite {
  const site = compileSite({ root: "site.yaml", site: "demo", read: () => ok(text) }, catalogue);
  if (!site.ok) throw new Error(site.error.problems.map(({ message }) => message).join("\n"));
  return site.value;
}

/** What changes in the example when `from` is written as `to`. */
const lines = (from: string, to: string): readonly string[] => {
  const edited = siteExample.replace(from, to);
  expect(edited).not.toBe(siteExample);
  return changeLines(siteChanges(compiled(siteExample), compiled(edited)));
};

test("nothing changes from a site to itself, whatever its comments", () => {
  expect(siteChanges(compiled(siteExample), compiled(`# mine\n${siteExample}`))).toEqual([]);
});

test.each([
  ["universe: 1", "universe: 2", ["~ instance demo/dmx, which starts anew", "    settings.universe: 1 => 2"]],
  [
    "fade 5s -> 0.2",
    "fade 6s -> 0.2",
    ["~ instance demo/dmx", "    failsafe.front: hold 10s -> fade 5s -> 0.2 => hold 10s -> fade 6s -> 0.2"],
  ],
  [
    "fade 5s -> 0.2",
    "release",
    ["~ instance demo/dmx", "    failsafe.front: hold 10s -> fade 5s -> 0.2 => hold 10s -> release"],
  ],
  ["throttle: 20ms", "ttl: 1s", ["~ route approach", "    throttle: 20ms (gone)", "    ttl: 5s => 1s"]],
  [
    "to: demo/dmx/front",
    "to: { group: lamps, input: dmx/front }",
    [
      "~ route approach",
      '    group: {"nodes":["demo"],"strategy":"broadcast"} (new)',
      "    runs on: demo => the hub",
      "    to: demo/dmx/front => lamps/dmx/front",
    ],
  ],
  [
    "through: [debounce: 10m]",
    "through: [window: { over: 90s, give: avg }, hysteresis: { on: 3.5, off: 3 }, deadband: 0.1, hold: 250ms]",
    [
      "~ route nobody-here",
      "    through: [debounce: 10m] => [window: { over: 90s, give: avg }, hysteresis: { on: 3.5, off: 3 }, deadband: 0.1, hold: 250ms]",
    ],
  ],
  ["name: approach", "name: come-near", ["- route approach", "+ route come-near"]],
  ["mode: closed", "mode: open", ["~ site", "    mode: closed => open"]],
  ["updates: false", "updates: true", ["~ mode open", "    updates: false => true"]],
  ["      hall:\n", "      hall: { title: Hall }\n", ["~ zone hall", "    title: Hall (new)"]],
  ["groups: [lamps]", "groups: [lamps, spots]", ["+ group spots"]],
  [
    "demo/dmx/back: 0\n",
    "demo/dmx/back: 0.5\n",
    [
      "~ instance demo/dmx",
      "    failsafe.back: hold 5s -> fade 3s -> 0 => hold 5s -> fade 3s -> 0.5",
      "~ scene night",
      "    demo/dmx/back: 0 => 0.5",
    ],
  ],
])("%s for %s: exactly that is told", (from, to, expected) => {
  expect(lines(from, to)).toEqual(expected);
});

test("a node with all that is on it comes and goes by name", () => {
  const added = lines(
    "groups:\n  everything",
    "  hall: { instances: { host: { module: host } } }\ngroups:\n  everything",
  );

  expect(added).toEqual(["+ node hall", "+ instance hall/host"]);
});

test("as data it names the nodes that do something else, and a secret by its name", () => {
  const weather = (key: string) =>
    compiled(
      `secrets: { a: { env: A }, b: { env: B } }\nnodes: { n: { instances: { w: { module: weather, grant: { hosts: ["*"] }, settings: { key: "${key}" } } } } }\n`,
    );

  const changes = siteChanges(weather("${secret:a}"), weather("${secret:b}"));

  expect(changes).toEqual([
    {
      kind: "changed",
      what: "instance",
      name: "n/w",
      nodes: ["n"],
      isRestart: true,
      details: [
        { path: "settings.key", before: { $secret: ["", "a", ""] }, after: { $secret: ["", "b", ""] } },
      ],
    },
  ]);
  expect(changeLines(changes)[1]).toBe('    settings.key: "${secret:a}" => "${secret:b}"');
});

/** The same site with every map in another order, as one who generates files would write it. */
function shuffled(value: unknown, order: (length: number) => readonly number[]): unknown {
  if (Array.isArray(value)) return value.map((each) => shuffled(each, order));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    order(entries.length).flatMap((index) => {
      const entry = entries[index];
      return entry === undefined ? [] : [[entry[0], shuffled(entry[1], order)]];
    }),
  );
}

test("order means nothing: neither bytes nor changes", () => {
  const example = compiled(siteExample);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
      const random = seededRandom(seed);
      const order = (length: number) =>
        Array.from({ length }, (_, index) => ({ index, at: random.next() }))
          .toSorted((left, right) => left.at - right.at)
          .map(({ index }) => index);
      const written: { routes?: unknown[] } = { ...(shuffled(parse(siteExample), order) as object) };
      const routes = written.routes ?? [];
      const other = compiled(
        stringify({ ...written, routes: order(routes.length).map((index) => routes[index]) }),
      );

      expect(siteBytes(other)).toEqual(siteBytes(example));
      expect(siteChanges(example, other)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test("something is told to change exactly when the bytes do", () => {
  const edits = [
    ["universe: 1", "universe: 9"],
    ["channel: 3", "channel: 9"],
    ["hold 10s", "hold 11s"],
    ["mode: closed", "mode: open"],
    ["name: button-wash", "name: wash"],
    ["zone: foyer, title: The wave", "zone: hall, title: The wave"],
    ["everything: [demo]", "everyone: [demo]"],
    ["demo/dmx/warm: 0.1", "demo/dmx/warm: 0.2"],
    ["audience: true", "audience: false"],
    ["# Near is bright", "# near is bright"],
  ] as const;
  const some = fc
    .subarray([...edits])
    .map((chosen) => compiled(chosen.reduce((text, [from, to]) => text.replace(from, to), siteExample)));
  fc.assert(
    fc.property(some, some, (before, after) => {
      const isSame = Buffer.from(siteBytes(before)).equals(siteBytes(after));

      expect(siteChanges(before, after).length === 0).toBe(isSame);
      expect(siteChanges(before, after).length).toBe(siteChanges(after, before).length);
    }),
    { numRuns: 40 },
  );
});
