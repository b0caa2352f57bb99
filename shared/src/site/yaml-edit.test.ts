import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { builtInModules } from "./built-in-modules.ts";
import { siteExample } from "./site-example.ts";
import { siteJsonSchema } from "./site-json-schema.ts";
import { type EditedValue, pathFromText, setInYaml } from "./yaml-edit.ts";

function set(text: string, path: string, value: EditedValue): string {
  const edited = setInYaml(text, pathFromText(path), value);
  return edited.ok ? edited.value.text : `refused: ${edited.error}`;
}

const schema = siteJsonSchema(builtInModules);
const setInSite = (text: string, path: string, value: EditedValue) =>
  setInYaml(text, pathFromText(path), value, schema);

test("a value is changed, and not one character beside it", () => {
  const edited = set(siteExample, "nodes.demo.instances.dmx.settings.universe", 7);

  expect(edited).toBe(siteExample.replace("universe: 1", "universe: 7"));
  expect(set(siteExample, "routes.approach.throttle", "50ms")).toBe(siteExample.replace("20ms", "50ms"));
  expect(set(siteExample, "routes[0].throttle", "50ms")).toBe(siteExample.replace("20ms", "50ms"));
});

test("a value that is not there yet is added, and all comments stay", () => {
  const comments = (text: string) => text.split("\n").flatMap((line) => /#.*$/.exec(line) ?? []);

  const edited = set(siteExample, "nodes.demo.instances.sim.settings.rate", 5);

  expect(parse(edited)).toMatchObject({
    nodes: { demo: { instances: { sim: { settings: { visitorsPerHour: 120, rate: 5 } } } } },
  });
  expect(comments(edited)).toEqual(comments(siteExample));
});

test("what is new in a block comes behind its last line, and not one character beside it changes", () => {
  const edited = set(siteExample, "nodes.demo.instances.blink.module", "blink");

  const lines = "      blink:\n        module: blink\n";
  expect(edited.replace(lines, "")).toBe(siteExample);
  expect(edited).toMatch(/\n {8}stop:\n {10}"\*": 0\n {6}blink:\n/);
});

test.each([
  ["a:\n  b: 1", "a.c", 2, "a:\n  b: 1\n  c: 2\n"],
  ["a:\n  b: 1 # one\n# of d\nd: 1\n", "a.c.e", "x", "a:\n  b: 1 # one\n  c:\n    e: x\n# of d\nd: 1\n"],
  ["a:\n  b: |\n    text\n\nd: 1\n", "a.c", "true", 'a:\n  b: |\n    text\n  c: "true"\n\nd: 1\n'],
  ["a: { b: 1 }\nl: [1]\n", "c", 2, "a: { b: 1 }\nl: [1]\nc: 2\n"],
  ["- a: 1\n", "[0].b", 2, "- a: 1\n  b: 2\n"],
])("%j: %s comes in as %j", (text, path, value, expected) => {
  expect(set(text, path, value)).toBe(expected);
});

test.each([
  ["a: 1 # one\n", "a", "x: y", 'a: "x: y" # one\n'],
  ["a: { b: 1, c: 2 }\n", "a.b", "x, y", 'a: { b: "x, y", c: 2 }\n'],
  ["a: 1\n", "a", "5", 'a: "5"\n'],
  ["a: 'one'\n", "a", "two # three", 'a: "two # three"\n'],
  ["a: 1\n", "a", null, "a: null\n"],
  ["a: 1\n", "a", "two\nlines", 'a: "two\\nlines"\n'],
  ["a: [1, 2]\n", "a[1]", true, "a: [1, true]\n"],
  ["a: |\n  block\n", "a", " ", 'a: " "\n'],
])("%j: %s becomes %j", (text, path, value, expected) => {
  expect(set(text, path, value)).toBe(expected);
});

test.each([
  ["a: 1\n", "a.b", /cannot be set/],
  ["routes: [{ name: a }]\n", "routes.b.map", /there is no routes.b.map/],
  ["routes: [{ name: a }]\n", "routes[1].map", /there is no/],
  ["a: [\n", "a", /no YAML/],
  ["a: 1\n", "", /there is no/],
])("%j: setting %s is refused in words", (text, path, words) => {
  expect(set(text, path, 1)).toMatch(words);
});

test.each([
  ["nodes.demo", /^nodes.demo holds a map \(.*instances.*\): set one value in it/],
  ["routes", /^routes holds a list/],
  ["nodes.demo.instances.dmx.setings.universe", /"setings" is unknown in .*dmx \(did you mean settings\?\)/],
  ["nodes.demo.instances.dmx.settings.univers", /"univers" is unknown .*\(did you mean universe\?\)/],
  ["nodse.hall.title", /"nodse" is unknown in a site file \(did you mean nodes\?\)/],
  ["routes.approach.throtle", /"throtle" is unknown in routes\.0 \(did you mean throttle\?\)/],
])("%s of a site is no place for a value, and that is told", (path, words) => {
  expect(setInSite(siteExample, path, 1)).toMatchObject({ error: expect.stringMatching(words) });
});

test.each([
  ["nodes.demo.instances.dmx.settings.universe", false],
  ["nodes.demo.title", true],
  ["nodes.hall.instances.mine.module", true],
  ["variables.level", true],
])("%s of a site may be set: it is new, %s", (path, isNew) => {
  expect(setInSite(siteExample, path, 1)).toMatchObject({ ok: true, value: { isNew } });
});

test("what stands there with nothing behind it can be set into, and its comment stays", () => {
  const edited = setInSite("nodes:\n  hall: # empty\n  foyer:\n", "nodes.hall.title", "Hall");

  expect(edited).toMatchObject({ ok: true });
  const text = edited.ok ? edited.value.text : "";
  expect(parse(text)).toEqual({ nodes: { hall: { title: "Hall" }, foyer: null } });
  expect(text).toContain("# empty");
});

test("whatever the value, it is read back, and everything else is as it was", () => {
  const text = "# top\na: 1 # a\nb:\n  - { c: x, d: [1, 2] } # b\n  - e\nf: |\n  block\n";
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom("~", "- a", "{", "#", "true", "1e3", " a", "a: b"),
  );
  fc.assert(
    fc.property(fc.constantFrom("a", "b[0].c", "b[1]", "f", "g", "b[0].d[1]"), value, (path, value) => {
      const before: unknown = parse(text);
      const edited = set(text, path, value);
      const wanted = set(JSON.stringify(before), path, value);

      expect(parse(edited)).toEqual(parse(wanted));
      for (const comment of ["# top", "# a", "# b"]) expect(edited).toContain(comment);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["on lines of its own", "a: # first\n  - 1 # one\n  - 2\nb: 2 # second\n"],
  ["on one line", "a: [1,\n  2]\nb: 2 # second\n"],
  ["of one value", "a: 1 # first\nb: 2 # second\n"],
  ["at the end", "b: 2 # second\na:\n  - 1\n"],
  ["that is a map", "a:\n  x: 1\n\nb: 2 # second\n"],
  ["that is not there", "b: 2 # second\n"],
])("a list takes the place of what stands %s, and the rest stays", (_, text) => {
  const changed = set(text, "a", ["x: y", { deep: [null, "#"] }]);

  expect(parse(changed)).toEqual({ a: ["x: y", { deep: [null, "#"] }], b: 2 });
  expect(changed).toContain("b: 2 # second\n");
});
