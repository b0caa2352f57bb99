import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { seconds } from "../kernel/units.ts";
import { lane } from "../wire/lanes.ts";
import { expressionLengthMax, routesMax, ttlDefault } from "../wire/limits.ts";
import { parseRoutesFile } from "./routes-file.ts";
import { problemLine, yamlBytesMax } from "./yaml-text.ts";

/** Every problem as `line:column path: message (hint)`. */
function problemsOf(text: string): readonly string[] {
  const parsed = parseRoutesFile(text);
  return parsed.ok ? [] : parsed.error.map((problem) => problemLine("f", problem).slice("f:".length));
}

/** The routes; the problems when there are any. */
function read(text: string) {
  const parsed = parseRoutesFile(text);
  return parsed.ok ? parsed.value : problemsOf(text);
}

const problem = (text: string): string => {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1);
  return problems.join("");
};

const route = `  - name: follow
    from: pi/sim/distance
    to: pi/lights/front
`;

test("a route with only what it needs has the defaults for the rest", () => {
  expect(read(`routes:\n${route}`)).toEqual([
    { name: "follow", from: "pi/sim/distance", to: "pi/lights/front", ttl: ttlDefault, lane: lane.telemetry },
  ]);
});

test("a route with everything is read as it is written", () => {
  const text = `routes:\n${route}    when: quality == 0\n    map: value / 2\n    ttl: 500ms\n    lane: control\n    throttle: 0.05s\n`;

  expect(read(text)).toEqual([
    {
      name: "follow",
      from: "pi/sim/distance",
      to: "pi/lights/front",
      when: "quality == 0",
      map: "value / 2",
      ttl: 500,
      lane: lane.control,
      throttle: 50,
    },
  ]);
});

test.each([
  ["an empty list", "routes: []\n"],
  ["nothing under routes", "routes:\n"],
  ["nothing but a comment under routes", "# mine\nroutes:\n  # none yet\n"],
])("%s is no route", (_what, text) => {
  expect(read(text)).toEqual([]);
});

test("values that YAML takes for something else are expressions all the same", () => {
  const mapped = ["1", "true", "0.5", "null", "~"].map(
    (map) => read(`routes:\n${route}    map: ${map}\n`)[0],
  );

  expect(mapped).toMatchObject([{ map: "1" }, { map: "true" }, { map: "0.5" }, {}, {}]);
});

test("everything that is wrong is said at once, each at its place", () => {
  const text = `routes:
  - name: Front Light
    from: pi/sim
    to: pi/lights/front
    map: valu * 2
    tll: 5s
  - name: b
    to: pi/lights/front
    ttl: 5
    lane: urgent
  - 7
`;

  expect(read(text)).toEqual([
    expect.stringMatching(/^2:11: routes\[0\]\.name: a name is a-z/),
    expect.stringMatching(/^3:11: routes\[0\]\.from: an address is node\/instance\/port/),
    expect.stringMatching(/^5:10: routes\[0\]\.map: .*valu.*\(did you mean value\?\)$/),
    expect.stringMatching(/^6:5: routes\[0\]\.tll: "tll" is unknown here \(did you mean ttl\?\)$/),
    expect.stringMatching(/^7:5: routes\[1\]\.from: from is missing: an address is/),
    expect.stringMatching(/^9:10: routes\[1\]\.ttl: a duration has a unit/),
    expect.stringMatching(/^10:11: routes\[1\]\.lane: .*critical.*control.*telemetry.*bulk/),
    expect.stringMatching(/^11:5: routes\[2\]: a route is a map/),
  ]);
});

describe("where a mistake stands in an expression", () => {
  test.each([
    ["plain", "    map: 1 + valu\n", "5:14"],
    ["in double quotes", '    map: "1 + valu"\n', "5:15"],
    ["in single quotes", "    map: '1 + valu'\n", "5:15"],
    ["in a block of lines", "    map: |\n      1 +\n      2 + valu\n", "7:11"],
    ["in a block of lines that are indented deeply", "    map: |\n            1 + valu\n", "6:17"],
    ["in a folded block, at its beginning", "    map: >\n      1 +\n      valu\n", "5:10"],
  ])("%s", (_what, line, place) => {
    expect(problem(`routes:\n${route}${line}`)).toMatch(new RegExp(`^${place}: routes\\[0\\]\\.map: .*valu`));
  });
});

test("a name that is used twice is pointed at where it stands again, with the line of the first", () => {
  expect(problem(`routes:\n${route}${route}`)).toBe(
    '5:11: routes[1].name: "follow" is already the name of the route at line 2',
  );
});

test.each([
  ["nothing", "", /^1:1: the file begins with `routes:`/],
  ["a comment only", "# nothing\n", /^1:1: the file begins with `routes:`/],
  ["a list", "- a\n", /^1:1: the file begins with `routes:`/],
  ["a text", "hello\n", /^1:1: the file begins with `routes:`/],
  ["a misspelt beginning", "route:\n  - a\n", /./],
  ["routes that are a map", "routes:\n  a: 1\n", /^2:3: routes: the file begins/],
  ["a tab", "routes:\n\t- name: a\n", /\(indent with spaces\)/],
  ["a bare colon in an expression", `routes:\n${route}    map: value ? a: b\n`, /quotes/],
  ["an open quote", `routes:\n${route}    map: "value\n`, /^\d+:\d+: /],
  ["a map with one key twice", "routes: []\nroutes: []\n", /^2:1: .*twice/],
  ["an alias to nothing", "routes: *gone\n", /alias/i],
])("%s is refused with a place", (_what, text, words) => {
  expect(problemsOf(text).join("\n")).toMatch(words);
});

test("aliases that multiply are refused in a moment", () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `a${level + 1}: &a${level + 1} [${Array(9).fill(`*a${level}`).join(", ")}]`,
  );
  const startedAt = performance.now();

  const problems = read(`a0: &a0 [x]\n${levels.join("\n")}\nroutes: *a9\n`);

  expect(problems).toEqual([expect.stringMatching(/aliases/)]);
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

test.each([
  ["an expression", `routes:\n${route}    map: ${"1 + ".repeat(expressionLengthMax / 4)}1\n`, /map/],
  ["the file", `routes:\n${route}#${"x".repeat(yamlBytesMax)}\n`, /larger than/],
  ["a duration", `routes:\n${route}    ttl: 25h\n`, /at most 24h/],
  [
    "the list",
    `routes:\n${Array.from({ length: routesMax + 1 }, (_, index) => route.replace("follow", `r${index}`)).join("")}`,
    /at most 5000 routes/,
  ],
])("%s may not be too long", (_what, text, words) => {
  expect(problem(text)).toMatch(words);
});

test("a name of JavaScript's own is a name or a mistake like any other", () => {
  expect(read(`routes:\n${route.replace("follow", "constructor")}`)).toMatchObject([{ name: "constructor" }]);
  expect(problem(`routes:\n${route}    constructor: 1\n`)).toMatch(/^5:5: .*"constructor" is unknown here/);
  expect(problem(`routes:\n${route}    __proto__: 1\n`)).toMatch(/__proto__/);
  expect(read(`routes:\n${route}    map: { toString: 1, valueOf: 2 }\n`).length).toBe(1);
});

test("no text makes reading throw, and every problem has a place inside it", () => {
  const piece = fc.constantFrom(
    "routes:",
    "\n",
    "\n  - ",
    "\n    ",
    "name: a",
    "from: a/b/c",
    "to: a/b/c",
    "map: ",
    "when: |\n",
    "value",
    '"',
    "'",
    "&a",
    "*a",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "? ",
    "#",
    "!!str ",
    "\t",
    "😀",
    "ttl: 5s",
    "---",
    "%YAML 1.2",
    "<<: ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join("");
      const lines = text.split("\n");
      const parsed = parseRoutesFile(text);
      for (const { line, column } of parsed.ok ? [] : parsed.error) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 1500 },
  );
});

test("a written duration of a second is a second", () => {
  expect(read(`routes:\n${route}    ttl: 1s\n`)).toMatchObject([{ ttl: seconds(1) }]);
});

describe("groups", () => {
  const groups = "groups: { lamps: [pi-1, pi-2] }\n";
  const toGroup = (to: string) => `${groups}routes:\n  - { name: wash, from: pi/sim/distance, to: ${to} }\n`;

  test("a route to a group carries its nodes and how they share", () => {
    expect(
      read(toGroup("{ group: lamps, input: dmx/dimmer1, strategy: consistent-hash, key: value.id }")),
    ).toEqual([
      {
        name: "wash",
        from: "pi/sim/distance",
        to: "lamps/dmx/dimmer1",
        group: { nodes: ["pi-1", "pi-2"], strategy: "consistent-hash", key: "value.id" },
        ttl: ttlDefault,
        lane: lane.telemetry,
      },
    ]);
    expect(read(toGroup("{ group: lamps, input: dmx/dimmer1 }"))).toMatchObject([
      { group: { strategy: "broadcast" } },
    ]);
  });

  test.each([
    [
      "{ group: lmaps, input: a/b }",
      '3:55: routes[0].to.group: there is no group "lmaps" (did you mean lamps?)',
    ],
    [
      "{ group: lamps, input: a }",
      "routes[0].to.input: an input of a group is instance/input, such as dmx/front",
    ],
    ["{ group: lamps }", "routes[0].to.input: input is missing: an input of a group is"],
    [
      "{ group: lamps, input: a/b, strategy: any }",
      "routes[0].to.strategy: there are broadcast, round-robin, random, consistent-hash",
    ],
    ["{ group: lamps, input: a/b, key: value }", "routes[0].to.key: only consistent-hash has a key"],
    ["{ group: lamps, input: a/b, strategy: consistent-hash, key: value + }", "routes[0].to.key: "],
    [
      "{ group: lamps, input: a/b, inputs: c }",
      'routes[0].to.inputs: "inputs" is unknown here (did you mean input?)',
    ],
    ["pi/lights", "routes[0].to: to is node/instance/input"],
    ["3", "routes[0].to: to is node/instance/input"],
  ])("to: %s is refused where it stands", (to, words) => {
    expect(problem(toGroup(to))).toContain(words);
  });

  test.each([
    ["{ lamps: [] }", "groups.lamps: a group has at least one node"],
    ["{ lamps: pi-1 }", "groups.lamps: a group is a list of nodes"],
    ["{ lamps: [pi-1, Pi] }", "groups.lamps[1]: a name is a-z"],
    ["{ lamps: [pi-1, pi-1] }", 'groups.lamps[1]: "pi-1" stands here twice'],
    ["{ Lamps: [pi-1] }", "groups.Lamps: a name is a-z"],
    ["[pi-1]", "groups: groups is a map"],
  ])("groups: %s is refused where it stands", (written, words) => {
    expect(problem(`groups: ${written}\nroutes: []\n`)).toContain(words);
  });
});

describe("a source that is a filter", () => {
  const from = (filter: string, to = "pi/lights/front") =>
    `routes:\n  - { name: many, from: "${filter}", to: ${to} }\n`;

  test.each(["+/sim/distance", "pi/sim/+", "pi/sim/#", "+/lights/level", "pi2/#"])("%s is read", (filter) => {
    expect(read(from(filter))).toMatchObject([{ from: filter }]);
  });

  test.each(["#", "pi/#", "+/#", "+/+/+", "pi/lights/#", "+/lights/+"])(
    "%s is refused where it would take all that its own target gives",
    (filter) => {
      expect(problem(from(filter))).toBe(
        `2:25: routes[0].from: ${filter} also stands for every output of pi/lights, to which the route leads: it would go round for ever (name the output, such as +/sim/distance, or the instance, such as demo/sim/#)`,
      );
    },
  );

  test("is refused where it would take all that one of the group gives", () => {
    const text = `groups: { lamps: [pi2, pi] }\n${from("pi/#", "{ group: lamps, input: lights/front }")}`;

    expect(problem(text)).toContain("also stands for every output of pi/lights");
  });
});
