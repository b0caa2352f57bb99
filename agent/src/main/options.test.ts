import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { zonesPerNodeMax } from "@interactor/shared/wire/limits";
import { readInstances, readOptions, readRequired } from "./options.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "interactor-options-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const zonesOf = (argv: readonly string[], env: NodeJS.ProcessEnv = {}) => readOptions(argv, env).zones;

test("zones come from repeated options, else from the environment, each once and without the one of all", () => {
  expect(zonesOf(["--zone", "foyer", "--zone", "house", "--zone", "foyer", "--zone", "all"])).toEqual([
    "foyer",
    "house",
  ]);
  expect(zonesOf([], { INTERACTOR_ZONES: "foyer, house," })).toEqual(["foyer", "house"]);
  expect(zonesOf(["--zone", "attic"], { INTERACTOR_ZONES: "foyer" })).toEqual(["attic"]);
  expect(zonesOf([])).toEqual([]);
});

test("files of secrets lie in a folder of the machine, or in the one that is named", () => {
  expect(readOptions([], {}).secrets).toBe("/etc/interactor/secrets");
  expect(readOptions([], { INTERACTOR_SECRETS: "/run/keys/" }).secrets).toBe("/run/keys");
  expect(readOptions(["--secrets", "/a"], { INTERACTOR_SECRETS: "/b" }).secrets).toBe("/a");
});

test("measures of a sandbox that a node does without come the same way, and only those there are", () => {
  const withoutOf = (argv: readonly string[], env: NodeJS.ProcessEnv = {}) => [
    ...readOptions(argv, env).without,
  ];

  expect(withoutOf(["--sandbox-without", "user", "--sandbox-without", "memory"])).toEqual(["user", "memory"]);
  expect(withoutOf([], { INTERACTOR_SANDBOX_WITHOUT: "system-calls, " })).toEqual(["system-calls"]);
  expect(withoutOf([])).toEqual([]);
  expect(() => withoutOf(["--sandbox-without", "walls"])).toThrow(/"walls" is no measure: user, namespaces/);
});

test("what a sandbox must have stands in the node's file, and the command line does without some of it", () => {
  const path = join(folder, "walls.json");
  const required = (text: string, without: readonly string[] = []) => {
    writeFileSync(path, text);
    return [
      ...readRequired(
        path,
        readOptions(
          without.flatMap((each) => ["--sandbox-without", each]),
          {},
        ).without,
      ),
    ];
  };

  expect(required('{"instances":{}}')).toEqual(["user", "namespaces", "system-calls", "permissions"]);
  expect(required('{"instances":{}}', ["user"])).toEqual(["namespaces", "system-calls", "permissions"]);
  expect(required('{"sandbox":{"require":["memory","user"]},"instances":{}}', ["user"])).toEqual(["memory"]);
  expect(() => required('{"sandbox":{"require":["walls"]},"instances":{}}')).toThrow(
    /one of user, namespaces/,
  );
  expect(readRequired(join(folder, "none.json"), new Set()).size).toBe(4);
});

test("a zone that is no name, and too many, are refused", () => {
  const many = Array.from({ length: zonesPerNodeMax + 1 }, (_, index) => ["--zone", `z${index}`]).flat();

  expect(() => zonesOf(["--zone", "Foyer!"])).toThrow('--zone "Foyer!" is not a name');
  expect(() => zonesOf(many)).toThrow("at most 16 zones");
});

test.for([
  ["2s", "a lease is a time of 5s to 24h"],
  ["25h", "a lease is a time of 5s to 24h"],
  ["soon", "a lease is a time of 5s to 24h"],
] as const)("a lease of %s is refused", ([lease, words]) => {
  const path = join(folder, "node.json");
  writeFileSync(path, JSON.stringify({ instances: { stage: { module: "dmx", leases: { ch1: lease } } } }));

  expect(() => readInstances(path)).toThrow(words);
});

test("no instance may be called as the one that a node has for its scenes", () => {
  const path = join(folder, "node.json");
  writeFileSync(path, JSON.stringify({ instances: { scene: { module: "host" } } }));

  expect(() => readInstances(path)).toThrow('every node has a "scene" of its own');
});

test("leases are read as spans", () => {
  const path = join(folder, "node.json");
  writeFileSync(path, JSON.stringify({ instances: { stage: { module: "dmx", leases: { ch1: "1.5m" } } } }));

  expect(readInstances(path)).toEqual([
    { name: "stage", module: "dmx", settings: {}, leases: { ch1: 90_000 } },
  ]);
});
