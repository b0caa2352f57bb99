import fc from "fast-check";
import { expect, test } from "vitest";
import { parseVersionRange } from "../bundle/version-range.ts";
import { type Candidate, resolveVersions } from "./resolve-versions.ts";

type Requires = Readonly<Record<string, Readonly<Record<string, string>>>>;

const wanted = (instance: string, versions: readonly string[], module = instance): Candidate => ({
  instance,
  module,
  range: undefined,
  versions,
});

const resolved = (candidates: readonly Candidate[], requires: Requires) =>
  resolveVersions(candidates, (module, version) => requires[`${module} ${version}`] ?? {});

test("who requires nothing runs what is newest", () => {
  const { versions, after } = resolved([wanted("a", ["2.0.0", "1.0.0"]), wanted("b", ["1.0.0"])], {});

  expect([...versions]).toEqual([
    ["a", "2.0.0"],
    ["b", "1.0.0"],
  ]);
  expect(after.size).toBe(0);
});

test("what is required runs in the newest version that all want, also when that is wanted only by an older one", () => {
  const requires = {
    "show 2.0.0": { clock: "^3" },
    "show 1.0.0": { clock: "^1" },
    "meter 1.0.0": { clock: ">=1.1 <2" },
  };
  const clock = ["2.0.0", "1.2.0", "1.1.0", "1.0.0"];

  const { versions, conflicts } = resolved(
    [wanted("show", ["2.0.0", "1.0.0"]), wanted("meter", ["1.0.0"]), wanted("clock", clock)],
    requires,
  );

  expect(conflicts).toEqual([]);
  expect(Object.fromEntries(versions)).toEqual({ clock: "1.2.0", meter: "1.0.0", show: "1.0.0" });
});

test("all instances of a required module come before whoever requires it", () => {
  const { after } = resolved(
    [wanted("z", ["1.0.0"], "base"), wanted("b", ["1.0.0"], "base"), wanted("a", ["1.0.0"])],
    { "a 1.0.0": { base: "*" } },
  );

  expect([...after]).toEqual([["a", ["b", "z"]]]);
});

test("a circle is told once, from its first in the alphabet, also when others lead into it", () => {
  const modules = ["c", "a", "b", "before", "self"].map((name) => wanted(name, ["1.0.0"]));
  const { circles } = resolved(modules, {
    "a 1.0.0": { b: "*" },
    "b 1.0.0": { c: "*" },
    "c 1.0.0": { a: "*" },
    "before 1.0.0": { c: "*" },
    "self 1.0.0": { self: "*" },
  });

  expect(circles).toEqual([
    ["a", "b", "c", "a"],
    ["self", "self"],
  ]);
});

test("what cannot be resolved is given up in time, and said", () => {
  const versions = Array.from({ length: 40 }, (_, index) => `1.${40 - index}.0`);
  const many = Array.from({ length: 30 }, (_, index) => wanted(`m${index + 10}`, versions));
  const requires: Record<string, Record<string, string>> = {};
  for (const version of versions) requires[`z ${version}`] = { m39: "^2" };
  // All of them bear on each other.
  for (const { module } of many) requires[`${module} 1.1.0`] = { z: "*" };

  const { conflicts } = resolved([...many, wanted("z", versions)], requires);

  expect(conflicts).toMatchObject([{ module: "m39", wants: [{ instance: "z", range: "^2" }] }]);
});

test("modules that have nothing to do with it use up none of its tries", () => {
  const versions = ["1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"];
  const others = Array.from({ length: 40 }, (_, index) => wanted(`m${index + 10}`, versions));
  const requires: Record<string, Record<string, string>> = {};
  // Only the oldest of each wants what is there, and all others lie between the two. Half of these are pairs that find out
  // the same for themselves.
  for (const version of versions) {
    requires[`a ${version}`] = { z: version === "1.0.0" ? "^1" : "^2" };
    for (let index = 10; index < 30; index += 2)
      requires[`m${index} ${version}`] = { [`m${index + 1}`]: version === "1.0.0" ? "1.2.0" : "^2" };
  }

  const resolution = resolved([...others, wanted("a", versions), wanted("z", versions)], requires);

  expect(resolution.conflicts).toEqual([]);
  const chosen = Object.fromEntries(resolution.versions);
  expect(chosen).toMatchObject({ a: "1.0.0", z: "1.4.0", m10: "1.0.0", m11: "1.2.0", m49: "1.4.0" });
});

test("what is chosen satisfies everybody, and there is a conflict only when nothing does", () => {
  const version = fc.constantFrom("1.0.0", "1.1.0", "2.0.0");
  const range = fc.constantFrom("^1", "^2", "1.0.0", ">=1.1", "*");
  const names = ["a", "b", "c"];
  let conflicting = 0;
  let chosen = 0;
  fc.assert(
    fc.property(
      fc.record({
        versions: fc.array(fc.uniqueArray(version, { minLength: 1 }), { minLength: 3, maxLength: 3 }),
        // Each version of each wants something of one of them.
        wants: fc.array(fc.tuple(fc.constantFrom(...names), range), { minLength: 9, maxLength: 9 }),
      }),
      ({ versions, wants }) => {
        const all = names.flatMap((name) => ["1.0.0", "1.1.0", "2.0.0"].map((each) => `${name} ${each}`));
        const requires = Object.fromEntries(
          all.map((each, index) => [each, Object.fromEntries([wants[index] ?? ["a", "*"]])]),
        );
        const candidates = names.map((name, index) => wanted(name, versions[index] ?? ["1.0.0"]));
        const fits = (picked: readonly string[]) =>
          names.every((name, index) =>
            Object.entries(requires[`${name} ${picked[index]}`] ?? {}).every(([other, asked]) => {
              const parsed = parseVersionRange(asked);
              return parsed.ok && parsed.value.has(picked[names.indexOf(other)] ?? "");
            }),
          );
        const [one, two, three] = candidates.map((each) => each.versions);
        const exists = (one ?? []).some((first) =>
          (two ?? []).some((second) => (three ?? []).some((third) => fits([first, second, third]))),
        );

        const { versions: picked, conflicts } = resolved(candidates, requires);

        expect(conflicts.length === 0).toBe(exists);
        if (exists) expect(fits(names.map((name) => picked.get(name) ?? ""))).toBe(true);
        if (exists) chosen += 1;
        else conflicting += 1;
      },
    ),
    { numRuns: 500 },
  );
  expect(Math.min(conflicting, chosen)).toBeGreaterThan(20);
});
