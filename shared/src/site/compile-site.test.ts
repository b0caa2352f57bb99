import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { failed, ok } from "../kernel/result.ts";
import { testModules } from "../testing/module-declarations.ts";
import { builtInModules } from "./built-in-modules.ts";
import { DeclaredModules } from "./catalogue.ts";
import { compileSite } from "./compile-site.ts";
import { type CompiledSite, siteBytes } from "./compiled-site.ts";
import { includeDepthMax, includeFilesMax, problemsToldMax } from "./limits.ts";
import { siteExample } from "./site-example.ts";
import { problemLine } from "./yaml-text.ts";

const catalogue = new DeclaredModules([...builtInModules, ...testModules]);

type Files = string | Readonly<Record<string, string>>;

function compile(files: Files) {
  const texts = typeof files === "string" ? { "site.yaml": files } : files;
  const read = (path: string) =>
    Object.hasOwn(texts, path) ? ok(texts[path] ?? "") : failed("there is none");
  return compileSite({ root: "site.yaml", site: "demo", read }, catalogue);
}

/** What is made of a site that is right. */
function compiled(files: Files): CompiledSite {
  const site = compile(files);
  if (!site.ok) throw new Error(site.error.problems.map((each) => problemLine(each.file, each)).join("\n"));
  return site.value;
}

function problemsOf(files: Files): readonly string[] {
  const site = compile(files);
  return site.ok ? [] : site.error.problems.map((each) => problemLine(each.file, each));
}

const digest = (site: CompiledSite): string => createHash("sha256").update(siteBytes(site)).digest("hex");

const foyer = `nodes:
  foyer:
    zone: entrance
    instances:
      sim: { module: simulated }
      dmx:
        module: dmx
        settings: { universe: 1, sacn: {}, dimmers: { front: { channel: 1 }, back: { channel: 2 } } }
        failsafe: hold 5s -> fade 2s -> 0
zones: { house: { zones: { entrance: } } }
`;
const hall = `nodes:
  hall:
    exhibit: wave
    groups: [lamps]
    instances:
      dmx: { module: dmx, settings: { universe: 2, sacn: {} }, failsafe: hold }
exhibits: { wave: { zone: entrance } }
`;
const near = "{ name: near, from: foyer/sim/distance, to: foyer/dmx/front, map: 1 - value }";
const far = "{ name: far, from: foyer/sim/distance, to: hall/dmx/ch1, ttl: 1s, lane: control }";
const wash = "{ name: wash, from: foyer/sim/distance, to: { group: lamps, input: dmx/ch2 } }";

test("the example is right, and its routes run where both their ends are", () => {
  const site = compiled(siteExample);

  expect(Object.keys(site.nodes["demo"]?.routes ?? {})).toEqual(["approach", "motion-light", "nobody-here"]);
  expect(Object.keys(site.hub.routes)).toEqual(["button-wash"]);
  expect(site.nodes["demo"]?.zones).toEqual(["foyer", "house"]);
});

const night =
  "scenes: { night: { foyer/dmx/front: 0.1, foyer/dmx/back: 0 }, all: { foyer/dmx/front: 1, hall/dmx/ch1: 9 } }";
const routeTo = (scene: string) =>
  `routes: [{ name: quiet, from: foyer/sim/distance, map: value > 3, to: { scene: ${scene} } }]\n`;

test("a route to a scene of its own node runs there, and to one of several it runs on the hub", () => {
  const files = (scene: string) => ({
    "site.yaml": `include: hall.yaml\n${foyer}${night}\n${routeTo(scene)}`,
    "hall.yaml": hall,
  });
  const own = compiled(files("night"));
  const all = compiled(files("all"));

  expect(own.nodes["foyer"]?.routes["quiet"]).toMatchObject({ to: "foyer/scene/night" });
  expect(all.hub.routes["quiet"]).toMatchObject({
    to: "all/scene/all",
    group: { nodes: ["foyer", "hall"], strategy: "broadcast" },
  });
});

test("a node knows of each scene what this sets there", () => {
  const site = compiled({ "site.yaml": `include: hall.yaml\n${foyer}${night}\n`, "hall.yaml": hall });

  expect(site.nodes["foyer"]?.scenes).toEqual({
    night: { "dmx/front": 0.1, "dmx/back": 0 },
    all: { "dmx/front": 1 },
  });
  expect(site.nodes["hall"]?.scenes).toEqual({ all: { "dmx/ch1": 9 } });
});

test("a scene takes true and false, and is one that there is", () => {
  const wrong = routeTo("nihgt").replace("value > 3", "value");

  expect(problemsOf(`${foyer}scenes: { night: { foyer/dmx/front: 0.1 } }\n${wrong}`)).toEqual([
    expect.stringContaining('there is no scene "nihgt"'),
  ]);
  expect(
    problemsOf(
      `${foyer}scenes: { night: { foyer/dmx/front: 0.1 } }\n${routeTo("night").replace("value > 3", "0.5")}`,
    ),
  ).toEqual([expect.stringContaining("scene night takes true or false, and this gives a number")]);
});

test("a scene that sets what its own route follows is a route that feeds itself", () => {
  const loop = "routes: [{ name: loop, from: hall/dmx/#, map: quality == 0, to: { scene: all } }]\n";

  expect(
    problemsOf({ "site.yaml": `include: hall.yaml\n${foyer}${night}\n${loop}`, "hall.yaml": hall }),
  ).toEqual([expect.stringContaining("leads to where it comes from: loop")]);
});

test("no route begins at an input, on whatever node it would run: nobody tells it what that holds", () => {
  const follow = (from: string) => ({
    "site.yaml": `include: hall.yaml\n${foyer}routes: [{ name: f, from: ${from}, map: "1.0", to: foyer/dmx/front }]\n`,
    "hall.yaml": hall,
  });

  for (const [from, port] of [
    ["hall/dmx/blackout", "blackout"],
    ["foyer/dmx/blackout", "blackout"],
    ["hall/dmx/ch1", "ch1"],
    ["foyer/dmx/back", "back"],
  ] as const)
    expect(problemsOf(follow(from))).toEqual([
      expect.stringContaining(`${port} is an input, and routes begin at outputs: begin at what sets it`),
    ]);
  expect(problemsOf(follow("hall/dmx/cue-go"))).toEqual([expect.stringContaining("cue-go is an input; ")]);
});

test("a scene holds levels of what moves or lights something", () => {
  const scene = (level: string) => problemsOf(`${foyer}scenes: { night: { ${level} } }\n`);

  expect(scene("foyer/dmx/ch1: 5")).toEqual([]);
  for (const level of ["foyer/dmx/blackout: true", "foyer/dmx/grand-master: 0.3", "foyer/dmx/cue-go: show"])
    expect(scene(level)).toEqual([expect.stringContaining("is nothing that moves or lights")]);
});

test("the mode of a zone is a value that routes follow, on the hub", () => {
  const follow = (from: string) =>
    `routes: [{ name: m, from: ${from}, map: 'value == "open" ? 1.0 : 0.0', to: foyer/dmx/front }]\n`;

  expect(Object.keys(compiled(`${foyer}${follow("hub/mode/entrance")}`).hub.routes)).toEqual(["m"]);
  expect(Object.keys(compiled(`${foyer}${follow("hub/mode/site")}`).hub.routes)).toEqual(["m"]);
  expect(problemsOf(`${foyer}${follow("hub/mode/entrence")}`)).toEqual([
    expect.stringContaining('there is no zone "entrence"'),
  ]);
  expect(problemsOf(`${foyer}${follow("hub/sim/x")}`)).toEqual([
    expect.stringContaining('the hub has no "sim"'),
  ]);
});

test("words that stand for the whole are no names of its parts", () => {
  expect(problemsOf("nodes: { hub: }\nzones: { site: }\n")).toEqual([
    expect.stringContaining('"hub" is the hub itself'),
    expect.stringContaining('"site" is the word for all of it'),
  ]);
});

test("no instance may be called as the one that every node has for its scenes", () => {
  expect(problemsOf(foyer.replace("sim:", "scene:"))).toEqual([
    expect.stringContaining('every node has a "scene" of its own'),
  ]);
});

test("what an input holds while nobody has it is a level that it takes", () => {
  const background = (level: string) =>
    foyer.replace("-> 0\n", `-> 0\n        background: { front: ${level} }\n`);

  const site = compiled(background("0.2"));

  expect(site.nodes["foyer"]?.instances["dmx"]?.backgrounds).toEqual({ front: 0.2 });
  expect(problemsOf(background("2"))).toEqual([expect.stringContaining("background.front")]);
});

test("a plan holds what a node must know without anybody else", () => {
  const site = compiled({
    "site.yaml": `include: hall.yaml\n${foyer}routes: [${near}, ${far}, ${wash}]\n`,
    "hall.yaml": hall,
  });

  expect(site.nodes["foyer"]?.instances["dmx"]).toEqual({
    module: "dmx",
    version: "0.1.0",
    settings: { universe: 1, sacn: {}, dimmers: { front: { channel: 1 }, back: { channel: 2 } } },
    failsafes: {
      ch: { hold: 5000, fade: 2000, to: 0 },
      front: { hold: 5000, fade: 2000, to: 0 },
      back: { hold: 5000, fade: 2000, to: 0 },
    },
    stops: { ch: 0, front: 0, back: 0 },
  });
  expect(site.nodes["hall"]?.instances["dmx"]?.failsafes).toEqual({ ch: { hold: null, fade: 0 } });
  expect(site.nodes["hall"]?.zones).toEqual(["entrance", "house"]);
  expect(Object.keys(site.nodes["foyer"]?.routes ?? {})).toEqual(["near"]);
  expect(site.hub.routes).toMatchObject({
    far: { ttl: 1000, lane: 1 },
    wash: { group: { nodes: ["hall"], strategy: "broadcast" } },
  });
});

describe("what a site means is what counts", () => {
  const written = `${foyer}routes: [${near}, ${far.replace("hall/dmx", "foyer/dmx")}]\n`;

  test.each([
    ["comments and spaces", `# mine\n${written.replaceAll(": ", ":   ")}\n\n# end\n`],
    ["other files", { "site.yaml": "include: [a/b.yaml]\n", "a/b.yaml": written }],
    ["another order", `routes: [${far.replace("hall/dmx", "foyer/dmx")}, ${near}]\n${foyer}`],
    [
      "variables",
      `variables: { one: 1, calm: fade 2s, all: "hold 5s -> \${calm} -> 0" }\n${written.replace("hold 5s -> fade 2s -> 0", "${all}").replace("universe: 1", 'universe: "${one}"')}`,
    ],
    ["what is said anyway", written.replace("map: 1 - value", "map: 1 - value, ttl: 5s, lane: telemetry")],
    ["a name that is the same", `site: demo\n${written}`],
  ] satisfies readonly (readonly [string, Files])[])("%s do not change it", (_what, other) => {
    expect(digest(compiled(other))).toBe(digest(compiled(written)));
  });

  test.each([
    ["a setting", written.replace("universe: 1", "universe: 3")],
    ["a failsafe", written.replace("fade 2s", "fade 3s")],
    ["a map", written.replace("1 - value", "value")],
    ["a zone", written.replace("zones: { entrance: }", "zones: { entrance: { title: Door } }")],
  ])("%s does", (_what, other) => {
    expect(digest(compiled(other))).not.toBe(digest(compiled(written)));
  });
});

describe("variables", () => {
  test("are put in as they are, or into a text", () => {
    const site = compiled(
      `variables: { rate: 5, seed: "\${rate}", who: "foyer" }\nnodes: { foyer: { title: "The \${who}: $\${5}", instances: { sim: { module: simulated, settings: { rate: "\${rate}", seed: "\${seed}" } } } } }\n`,
    );

    expect(site.nodes["foyer"]).toMatchObject({
      title: "The foyer: ${5}",
      instances: { sim: { settings: { rate: 5, seed: 5 } } },
    });
  });

  test("that multiply are refused in a moment", () => {
    const doubled = Array.from({ length: 40 }, (_, index) => `  v${index + 1}: "\${v${index}}\${v${index}}"`);
    const startedAt = performance.now();

    const problems = problemsOf(
      `variables:\n  v0: xxxxxxxx\n${doubled.join("\n")}\nnodes: { foyer: { title: "\${v40}" } }\n`,
    );

    expect(problems).toContainEqual(expect.stringMatching(/longer than 4096 characters/));
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test("may follow each other in a long chain", () => {
    const chain = Array.from({ length: 900 }, (_, index) => `  v${index + 1}: "\${v${index}}"`);

    const site = compiled(
      `variables:\n  v0: end\n${chain.join("\n")}\nnodes: { foyer: { title: "\${v900}" } }\n`,
    );

    expect(site.nodes["foyer"]?.title).toBe("end");
  });
});

describe("secrets", () => {
  const site = (key: string) => `secrets: { api: { env: API } }
nodes: { foyer: { instances: { weather: { module: weather, grant: { hosts: ["*"] }, settings: { key: "${key}" } } } } }
`;

  test("stand in the compiled site by their names", () => {
    const plan = compiled(site("Bearer ${secret:api}!")).nodes["foyer"]?.instances["weather"];

    expect(plan?.settings).toEqual({ key: { $secret: ["Bearer ", "api", "!"] } });
  });

  test("cannot be imitated by a text", () => {
    const plan = compiled(site("$${secret:api}")).nodes["foyer"]?.instances["weather"];

    expect(plan?.settings).toEqual({ key: "${secret:api}" });
  });

  test("have one value in no bytes: it is nowhere given", () => {
    expect(compiled(site("${secret:api}")).hub.secrets).toEqual({ api: { env: "API" } });
  });
});

describe("bounds", () => {
  const chain = (length: number): Files =>
    Object.fromEntries([
      ["site.yaml", "include: f1.yaml\nnodes: { foyer: }\n"],
      ...Array.from({ length }, (_, index) => [`f${index + 1}.yaml`, `include: f${index + 2}.yaml\n`]),
      [`f${length + 1}.yaml`, "site: deep\n"],
    ]);
  const wide = (count: number): Files =>
    Object.fromEntries([
      [
        "site.yaml",
        `include: [${Array.from({ length: count }, (_, index) => `f${index}.yaml`).join(", ")}]\nnodes: { foyer: }\n`,
      ],
      ...Array.from({ length: count }, (_, index) => [`f${index}.yaml`, "# nothing\n"]),
    ]);

  test("files stand inside each other so deep, and no deeper", () => {
    expect(problemsOf(chain(includeDepthMax - 1))).toEqual([]);
    expect(problemsOf(chain(includeDepthMax))).toEqual([
      expect.stringMatching(/more than 8 files inside each other/),
    ]);
  });

  test("there are so many files, and no more", () => {
    expect(problemsOf(wide(includeFilesMax - 1))).toEqual([]);
    expect(problemsOf(wide(includeFilesMax))).toEqual([expect.stringMatching(/more than 256 files/)]);
  });

  test("of very many problems the first are told, and the others counted", () => {
    const site = compile(`nodes:\n${Array.from({ length: 500 }, (_, index) => `  N${index}:\n`).join("")}`);

    expect(site.ok ? undefined : [site.error.problems.length, site.error.more]).toEqual([
      problemsToldMax,
      500 - problemsToldMax,
    ]);
  });

  test("aliases may share settings, and may not multiply", () => {
    const shared = Array.from({ length: 150 }, (_, index) => `  n${index}: *node\n`).join("");
    const levels = Array.from(
      { length: 9 },
      (_, level) => `  l${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(", ")}]\n`,
    );
    const startedAt = performance.now();

    expect(
      problemsOf(`nodes:\n  first: &node { instances: { sim: { module: simulated } } }\n${shared}`),
    ).toEqual([]);
    expect(problemsOf(`nodes:\n  first: &a0 { title: a }\n${levels.join("")}`)).toEqual([
      expect.stringMatching(/aliases/),
    ]);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

test("versions: the newest that a site wants runs", () => {
  const versions = ["1.0.0", "1.4.0", "2.0.0"].map((version) => ({
    manifest: {
      apiVersion: 1,
      id: "clock",
      version,
      title: "Clock",
      worker: "shared",
      inputs: {},
      outputs: {},
    } as const,
    settings: {},
  }));
  const site = compileSite(
    {
      root: "f",
      site: "demo",
      read: () =>
        ok("nodes: { n: { instances: { a: { module: clock, version: ^1 }, b: { module: clock } } } }"),
    },
    new DeclaredModules(versions),
  );

  expect(site.ok && site.value.nodes["n"]?.instances).toMatchObject({
    a: { version: "1.4.0" },
    b: { version: "2.0.0" },
  });
});

test("no text makes it throw, and every problem has a place inside a file", () => {
  const piece = fc.constantFrom(
    ..."nodes:|zones:|routes:|scenes:|groups:|modes:|secrets:|exhibits:|variables:|include: site.yaml|site: a".split(
      "|",
    ),
    ..."\n|\n  |\n    |\n      |\n  - | a: | b: |a|instances: |module: dmx|settings: |failsafe: hold|stop: 0".split(
      "|",
    ),
    ..."${a}|${secret:a}|$${|${|{|}|[|]|: |&a |*a|<<: |\"|'|#|!!str |0|.nan|null|a/a/a|from: |to: |name: ".split(
      "|",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join("");
      const site = compile(text);
      const lines = text.split("\n").length;
      for (const { line, column } of site.ok ? [] : site.error.problems) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
        expect(column).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 1500 },
  );
});

test("compile and place lose no route and invent none, whatever ends routes have", () => {
  const nodes = ["n0", "n1", "n2"];
  const node = fc.constantFrom(...nodes);
  const to = fc.oneof(
    node.map((name) => `${name}/dmx/ch1`),
    fc.constantFrom(
      "{ group: some, input: dmx/ch2 }",
      "{ group: all-of-them, input: dmx/ch3, strategy: random }",
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(node, to), { maxLength: 60 }), (written) => {
      const site = compiled(
        `nodes:\n${nodes.map((name, index) => `  ${name}: { groups: [all-of-them], instances: { sim: { module: simulated }, dmx: { module: dmx, settings: { universe: ${index + 1}, sacn: {} }, failsafe: hold } } }\n`).join("")}groups: { some: [n0, n2] }\nroutes:\n${written.map(([from, to], index) => `  - { name: r${index}, from: ${from}/sim/distance, to: ${to} }\n`).join("")}`,
      );
      const placed = [site.hub, ...Object.values(site.nodes)].flatMap(({ routes }) => Object.values(routes));

      expect(placed.map(({ name }) => name).toSorted()).toEqual(
        written.map((_, index) => `r${index}`).toSorted(),
      );
      for (const [name, { routes }] of Object.entries(site.nodes))
        for (const route of Object.values(routes)) {
          expect(route.from.startsWith(`${name}/`) && route.to.startsWith(`${name}/`)).toBe(true);
          expect(route.group).toBeUndefined();
        }
    }),
    { numRuns: 60 },
  );
});

describe("what is made to take long", () => {
  const many = (count: number, each: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => each(index)).join(", ");

  test.each([
    ["strange sections", many(30_000, (index) => `N${index}: {}`)],
    ["strange nodes", `nodes: { ${many(30_000, (index) => `N${index}: {}`)} }`],
    [
      "strange settings",
      `nodes: { a: { instances: { b: { module: host, settings: { ${many(30_000, (index) => `N${index}: 1`)} } } } } }`,
    ],
    ["strange zones", `zones: { ${many(30_000, (index) => `N${index}: {}`)} }`],
    ["members of a group", `groups: { a: [${many(30_000, () => "x")}] }`],
    [
      "variables that there are not",
      `nodes: { a: { groups: [${many(30_000, (index) => `"\${n${index}}"`)}] } }`,
    ],
    ["keys of one name", `nodes: { ${many(30_000, () => "a: {}")} }`],
    ["brackets", `nodes: ${"[".repeat(30_000)}`],
    ["lists inside each other", "- ".repeat(30_000)],
  ])(
    "%s are refused in seconds",
    (_what, inside) => {
      const text = inside.startsWith("N") ? `{ ${inside} }\n` : `${inside}\n`;
      const startedAt = performance.now();

      expect(problemsOf(text).length).toBeGreaterThan(0);
      // Each took a minute, or a tenth of a second; never something between.
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    },
    60_000,
  );
});

describe("what is one instance's alone", () => {
  const two = (first: string, second: string, nodes = ["a", "b"]) =>
    `nodes:\n${[first, second]
      .map(
        (settings, index) =>
          `  ${nodes[index]}: { instances: { dmx: { module: dmx, failsafe: hold, settings: { ${settings} } } } }\n`,
      )
      .join("")}`;

  test.each([
    ["another universe", "universe: 1, sacn: {}", "universe: 2, sacn: {}"],
    [
      "each its own receiver",
      "universe: 1, sacn: { to: [10.0.0.1] }",
      "universe: 1, sacn: { to: [10.0.0.2] }",
    ],
    ["each to itself", "universe: 1, sacn: { to: [127.0.0.1] }", "universe: 1, sacn: { to: [127.0.0.1] }"],
    ["a primary and its backup", "universe: 1, sacn: {}", "universe: 1, sacn: { priority: 50 }"],
    [
      "one that is turned off",
      "universe: 1, sacn: {}",
      "universe: 1, sacn: { enabled: false }, artnet: { to: [10.0.0.9] }",
    ],
  ])("two nodes may have %s", (_what, first, second) => {
    expect(problemsOf(two(first, second))).toEqual([]);
  });

  test.each([
    ["the same universe for everybody", "universe: 1, sacn: {}", "universe: 1, sacn: { to: multicast }"],
    [
      "the same receiver",
      "universe: 1, sacn: { to: [10.0.0.1, 10.0.0.2] }",
      "universe: 1, sacn: { to: [10.0.0.2] }",
    ],
  ])("two nodes may not have %s", (_what, first, second) => {
    expect(problemsOf(two(first, second))).toEqual([
      expect.stringMatching(/universe 1 is already taken by a\/dmx/),
    ]);
  });
});
