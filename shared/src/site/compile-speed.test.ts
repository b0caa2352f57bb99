import { expect, test } from "vitest";
import { ok } from "../kernel/result.ts";
import { builtInModules } from "./built-in-modules.ts";
import { DeclaredModules } from "./catalogue.ts";
import { compileSite } from "./compile-site.ts";
import { siteBytes } from "./compiled-site.ts";
import { siteChanges } from "./site-diff.ts";

const nodes = 200;
const routes = 5000;
/** What it shall take on a machine of our own, in ms. */
const goal = 1000;
/** How much slower a busy machine may be before it is us. */
const patience = 5;

const nodeText = (index: number): string => `  n${index}:
    groups: [all-nodes]
    instances:
      sim: { module: simulated }
      dmx: { module: dmx, settings: { universe: ${index + 1}, sacn: {} }, failsafe: hold 5s -> fade 3s -> 0 }
`;

/** Five in six stay on their node. */
const routeText = (index: number): string => {
  const from = index % nodes;
  const to = index % 6 === 0 ? (from + 7) % nodes : from;
  return `  - name: r${index}
    from: n${from}/sim/distance
    to: n${to}/dmx/ch${1 + (index % 512)}
    when: value > ${(index % 40) / 10}
    map: scale(value, 0, ${1 + (index % 50)}, 0, 255)
`;
};

const textOf = (count: number): string =>
  `nodes:\n${Array.from({ length: nodes }, (_, index) => nodeText(index)).join("")}routes:\n${Array.from({ length: count }, (_, index) => routeText(index)).join("")}`;

const catalogue = new DeclaredModules(builtInModules);
const compile = (text: string) =>
  compileSite({ root: "site.yaml", site: "demo", read: () => ok(text) }, catalogue);

test(`${routes} routes over ${nodes} nodes are read, checked and placed in about a second`, () => {
  const text = textOf(routes);
  // The first run pays for what the engine learns.
  const times = [1, 2].map(() => {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    const site = compile(text);
    const { user, system } = process.cpuUsage(before);
    expect(site.ok ? Object.keys(site.value.nodes).length : site.error.problems.slice(0, 3)).toBe(nodes);
    return { passed: performance.now() - startedAt, worked: (user + system) / 1000 };
  });

  const told = times.map(({ passed, worked }) => `${passed.toFixed(0)} ms (${worked.toFixed(0)} of work)`);
  process.stdout.write(`${routes} routes, ${nodes} nodes: ${told.join(", ")}\n`);
  expect(Math.min(...times.map(({ passed }) => passed))).toBeLessThan(goal * patience);
}, 60_000);

test("the bytes of that, and what changes in it, take a moment", () => {
  const before = compile(textOf(routes));
  const after = compile(textOf(routes - 1));
  if (!before.ok || !after.ok) throw new Error("both are right");
  const startedAt = performance.now();

  const changes = siteChanges(before.value, after.value);
  const bytes = siteBytes(after.value).length;

  process.stdout.write(
    `bytes and changes: ${(performance.now() - startedAt).toFixed(0)} ms, ${bytes} bytes\n`,
  );
  expect(changes.map(({ kind, what, name }) => `${kind} ${what} ${name}`)).toEqual([
    `removed route r${routes - 1}`,
  ]);
  expect(performance.now() - startedAt).toBeLessThan(goal * patience);
}, 60_000);
