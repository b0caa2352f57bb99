// What people copy from our pages compiles: every block of YAML or JSON that is a site file, instances or routes.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { instant } from "@interactor/shared/kernel/units";
import { prepareRoutes, RouteTable, type Sample } from "@interactor/shared/routing/run-route";
import type { ModuleDefinition } from "@interactor/shared/sdk/define-module";
import { failed, ok } from "@interactor/shared/kernel/result";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules, type ModuleDeclaration } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import { problemReport } from "@interactor/shared/site/site-problem";
import { noon } from "@interactor/shared/testing/builders";
import { quality } from "@interactor/shared/wire/entry";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { Value } from "@interactor/shared/wire/value";

const root = join(import.meta.dirname, "../..");
const pages = globSync(["*.md", "{agent,deploy,docs,firmware-bridges,hub,shared,test}/**/*.md"], {
  cwd: root,
  exclude: (path) => path.includes("node_modules"),
});

interface Block {
  /** The page and the line that it begins in. */
  readonly place: string;
  readonly page: string;
  readonly text: string;
}

const blocks = pages.flatMap((page): readonly Block[] => {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(?:yaml|yml|jsonc?)\n(.*?)^```/gmsu)].map(({ 1: body = "", index }) => ({
    place: `${page}:${text.slice(0, index).split("\n").length + 1}`,
    page,
    text: body,
  }));
});

/** Files that are no part of a site, by how they begin. */
const otherFiles = ['README.md {\n  "instances": {', "docs/broker.md # hub.yaml"];

/** What stands around a block that is a part of a site: by its page, and a word of it. `STAGE` is a universe with one lamp. */
const surroundings: readonly (readonly [page: string, word: string, text: string])[] = [
  ["README.md", "name: near", "nodes: { demo: { instances: { sim: { module: simulated }, dmx: STAGE } } }"],
  [
    "README.md",
    "name: visitor-to-a-lamp",
    `nodes:
  lobby: { instances: { stage: STAGE, panel: { module: statechart, settings: { inputs: { card: { type: text } }, outputs: { visitor: { type: record } }, initial: idle, states: { idle: {} } } } } }
  stairs: { instances: { stage: STAGE } }
  hall: { instances: { stage: STAGE } }`,
  ],
  [
    "agent/modules/statechart/README.md",
    "name: who-comes",
    `nodes:
  lobby:
    instances:
      sim: { module: simulated }
      stage: STAGE
      room: { module: statechart, settings: { inputs: { visitor: { type: bool } }, outputs: { light: { type: float } }, initial: idle, states: { idle: {} } } }
      player: { module: osc, settings: { send: { to: [10.0.0.2], port: 9000 }, inputs: { track: { type: int, address: /track } } } }`,
  ],
];
const stageOf = (universe: number): string =>
  `{ module: dmx, settings: { universe: ${universe}, sacn: {}, dimmers: { front: { channel: 1 } } }, failsafe: hold }`;

/** A module that somebody else has published. */
const tide: ModuleDeclaration = {
  manifest: {
    apiVersion: 1,
    id: "tide",
    version: "1.2.3",
    title: "Tide",
    worker: "shared",
    inputs: {},
    outputs: {},
    permissions: [
      { kind: "host", from: "/host" },
      { kind: "file", names: ["/etc/tide.csv"] },
    ],
    limits: { memoryMb: 256 },
  },
  settings: { type: "object", properties: { host: { type: "string" } } },
  bundle: { digest: "0".repeat(64), bytes: 1 },
};
const catalogue = new DeclaredModules([...builtInModules, tide]);

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isInstance = (value: unknown): boolean => isMap(value) && typeof value["module"] === "string";

const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gmu, " ".repeat(by));

/** The block as a whole site file; `undefined`: nobody knows what it is. */
function siteOf({ page, text }: Block): string | undefined {
  const content: unknown = parse(text);
  if (isMap(content) && isMap(content["nodes"])) return text;
  if (isMap(content) && Object.values(content).every(isInstance))
    return `nodes:\n  hall:\n    instances:\n${indented(text, 6)}`;
  const around = surroundings.find(([where, word]) => where === page && text.includes(word))?.[2];
  if (around === undefined) return undefined;
  const part = Array.isArray(content) ? `routes:\n${indented(text, 2)}` : text;
  let universe = 0;
  return `${around.replaceAll("STAGE", () => stageOf((universe += 1)))}\n${part}`;
}

/** A lamp of the library that a page speaks of: ours are of the same format, and have other modes. */
const lamp = readFileSync(join(root, "shared/src/site/fixtures/samples/head.json"), "utf8");
const fixture = (mode: string): string => lamp.replace('"shortName": "8ch"', `"shortName": "${mode}"`);
const fixtures: Readonly<Record<string, string>> = {
  "fixtures/mh-x25.json": fixture("12ch"),
  "fixtures/sixpar-100.json": fixture("8ch"),
};

function compile(text: string) {
  const files: Readonly<Record<string, string>> = { ...fixtures, "site.yaml": text };
  const read = (path: string) => {
    const file = files[path];
    return file === undefined ? failed(`there is no file ${path}`) : ok(file);
  };
  return compileSite({ root: "site.yaml", site: "demo", read }, catalogue);
}

function faultsOf(text: string): readonly string[] {
  const compiled = compile(text);
  if (compiled.ok) return [];
  const { problems, lineOf } = compiled.error;
  return problems.map((problem) => problemReport(problem, lineOf).join("\n"));
}

/** What the modules themselves say of settings: a schema in JSON cannot say all of it. */
async function refusalsOf(text: string): Promise<readonly string[]> {
  const { nodes } = parse(text) as { nodes: Record<string, { instances: Record<string, Written> }> };
  const refusals: string[] = [];
  for (const [name, { module, settings = {} }] of Object.values(nodes).flatMap(({ instances }) =>
    Object.entries(instances),
  )) {
    const isOurs = builtInModules.some(({ manifest }) => manifest.id === module);
    // What its fixtures become is put in by the compiler.
    if (!isOurs || "fixtures" in settings) continue;
    const { definition } = (await import(`../../agent/modules/${module}/module.ts`)) as {
      definition: ModuleDefinition<unknown>;
    };
    const read = definition.settings.safeParse(settings);
    if (!read.success) refusals.push(`${name}: ${JSON.stringify(read.error.issues)}`);
  }
  return refusals;
}

interface Written {
  readonly module: string;
  readonly settings?: object;
}

const isOther = ({ page, text }: Block): boolean =>
  otherFiles.some((beginning) => `${page} ${text}`.startsWith(beginning));
const written = blocks.filter((block) => !isOther(block));

test("there are pages with examples, of every module and of files that are no sites", () => {
  const spoken = written.map(({ text }) => text).join("\n");

  expect(written.length).toBeGreaterThanOrEqual(18);
  expect(blocks.length - written.length).toBe(otherFiles.length);
  for (const { manifest } of builtInModules) expect(spoken).toContain(`module: ${manifest.id}`);
});

test.each(written)("$place compiles as it stands", async (block) => {
  const site = siteOf(block);

  expect(site, "say in this test what stands around it, or that it is no part of a site").toBeDefined();
  expect(faultsOf(site ?? "")).toEqual([]);
  expect(await refusalsOf(site ?? "")).toEqual([]);
});

test("a press of each of the keys in the example of the dmx module is one GO, and its cue starts the sound once", () => {
  const cues = written.find(({ text }) => text.includes("key-go"));
  const compiled = compile(cues?.text ?? "");
  expect.assert(compiled.ok);
  const table = new RouteTable(prepareRoutes(Object.values(compiled.value.nodes["hall"]?.routes ?? {})));
  const given: (readonly [to: string, value: Value])[] = [];
  const say = (output: string, value: Value, at: number): void => {
    const sample = { value, unit: "", quality: quality.good, at: noon };
    const sink = ({ to }: CompiledRoute, made: Sample) => void given.push([to, made.value]);
    table.flush(instant(at), sink);
    if (output !== "") table.offer(`hall/${output}`, sample, instant(at), sink);
  };

  say("desk/cue", "show/close", 0);
  say("desk/go", true, 0);
  for (const key of ["keys/go", "pins/go"]) for (const value of [true, false]) say(key, value, 0);
  expect(given).toEqual(["show/close", "show", "show", "show"].map((each) => ["hall/stage/cue-go", each]));

  given.length = 0;
  for (const [index, cue] of ["", "show/open", "show/open, night", "show/close"].entries())
    say("stage/cue", cue, 1000 * (index + 1));
  say("", "", 9000);
  expect(given.filter(([, value]) => value === true)).toEqual([["hall/desk/sound", true]]);
});
