import { expect, test } from "vitest";
import { ok } from "../kernel/result.ts";
import { largeSite } from "../testing/large-site.ts";
import { builtInModules } from "./built-in-modules.ts";
import { DeclaredModules } from "./catalogue.ts";
import { compileSite } from "./compile-site.ts";
import { siteBytes } from "./compiled-site.ts";
import { siteChanges } from "./site-diff.ts";

const nodes = 200;
const routes = 5000;
/** What it shall take on a machine of our own, in ms of work: what others do there meanwhile is none of it. */
const goal = 1000;
/** How much slower a machine may be before it is us. */
const patience = 5;

const catalogue = new DeclaredModules(builtInModules);
const compile = (text: string) =>
  compileSite({ root: "site.yaml", site: "demo", read: () => ok(text) }, catalogue);

/** What it gives, and how long this thread worked on it, in ms. */
function worked<Result>(task: () => Result): { readonly work: number; readonly result: Result } {
  const before = process.threadCpuUsage();
  const result = task();
  const { user, system } = process.threadCpuUsage(before);
  return { work: (user + system) / 1000, result };
}

const inWords = (work: number): string => `${work.toFixed(0)} ms of work`;

test(`${routes} routes over ${nodes} nodes are read, checked and placed in about a second`, () => {
  const text = largeSite({ nodes, routes });
  // The first run pays for what the engine learns.
  const works = [1, 2].map(() => {
    const { work, result: site } = worked(() => compile(text));
    expect(site.ok ? Object.keys(site.value.nodes).length : site.error.problems.slice(0, 3)).toBe(nodes);
    return work;
  });

  process.stdout.write(`${routes} routes, ${nodes} nodes: ${works.map(inWords).join(", ")}\n`);
  expect(Math.min(...works)).toBeLessThan(goal * patience);
}, 60_000);

test("the bytes of that, and what changes in it, take a moment", () => {
  const before = compile(largeSite({ nodes, routes }));
  const after = compile(largeSite({ nodes, routes: routes - 1 }));
  if (!before.ok || !after.ok) throw new Error("both are right");

  const { work, result } = worked(() => ({
    changes: siteChanges(before.value, after.value),
    bytes: siteBytes(after.value).length,
  }));

  const { changes, bytes } = result;
  process.stdout.write(`bytes and changes: ${inWords(work)}, ${bytes} bytes\n`);
  expect(changes.map(({ kind, what, name }) => `${kind} ${what} ${name}`)).toEqual([
    `removed route r${routes - 1}`,
  ]);
  expect(work).toBeLessThan(goal * patience);
}, 60_000);

test("2000 broadcasts to 100 nodes beside 200 filters are checked in about a second", () => {
  const lines = (count: number, line: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => line(index)).join("");
  const text =
    largeSite({ nodes: 100, routes: 0 }) +
    lines(
      2000,
      (index) => `  - name: all${index}
    from: n${index % 100}/sim/distance
    to: { group: all-nodes, input: dmx/ch${1 + (index % 400)} }
`,
    ) +
    lines(
      200,
      (index) => `  - name: any${index}
    from: "${index % 2 === 0 ? "+" : `n${index / 2}`.replace(".5", "")}/sim/distance"
    to: n${index % 100}/dmx/ch${401 + (index % 100)}
`,
    );
  compile(text);

  const { work, result: site } = worked(() => compile(text));

  expect(site.ok ? "right" : site.error.problems.slice(0, 3)).toBe("right");
  process.stdout.write(`2000 broadcasts, 200 filters: ${inWords(work)}\n`);
  expect(work).toBeLessThan(goal * patience);
}, 60_000);
