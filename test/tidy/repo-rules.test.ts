import { homedir } from "node:os";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";

import {
  findIncompleteModules,
  findLostPlaces,
  findMachinePaths,
  findMissingFiles,
  findOddNames,
  findPromises,
  findResolvedAddresses,
  findShapelessFolders,
  moduleNames,
  placesNamed,
  type Text,
} from "./repo-rules.ts";
import { readText, repositoryFiles, root } from "./repository.ts";

const paths = repositoryFiles();
const texts = paths
  .filter((path) => !/\.(png|jpg|ico|woff2|bin)$/.test(path))
  .map((path) => ({ path, text: readText(path) }));
const sources = texts.filter(({ path }) => /\.(ts|tsx|mjs|css|html|c|h)$/.test(path));

describe("the repository", () => {
  test("was looked at", () => {
    expect(paths.length).toBeGreaterThan(0);
    expect(sources.length).toBeGreaterThan(0);
    expect(moduleNames(paths).length).toBeGreaterThan(0);
  });

  test("has no folder without a meaning", () => {
    expect(findShapelessFolders(paths)).toEqual([]);
  });

  test("has names in kebab-case", () => {
    expect(findOddNames(paths)).toEqual([]);
  });

  test("names no folder of this machine", () => {
    expect(findMachinePaths(texts, [root, dirname(root), homedir()])).toEqual([]);
  });

  test("puts nothing off in a comment", () => {
    expect(findPromises(sources)).toEqual([]);
  });

  test("has a lock file that any registry can serve", () => {
    const lockFile = readText("package-lock.json");

    expect(lockFile).toContain('"integrity"');
    expect(findResolvedAddresses(lockFile)).toEqual([]);
  });

  test("has modules with a manifest, a module and a README each", () => {
    expect(findIncompleteModules(paths)).toEqual([]);
  });

  test("has what a newcomer looks for", () => {
    expect(findMissingFiles(paths)).toEqual([]);
  });

  test.each(["ARCHITECTURE.md", "CONTRIBUTING.md"])("%s leads to what is there", (map) => {
    const text = readText(map);

    expect(placesNamed(text).length).toBeGreaterThan(5);
    expect(findLostPlaces(text, paths)).toEqual([]);
  });
});

describe("the rules find", () => {
  const textOf = (text: string): readonly Text[] => [{ path: "planted.ts", text }];

  test("a folder without a meaning, but not a file of that name", () => {
    expect(findShapelessFolders(["hub/src/utils/a.ts", "hub/types/b.ts", "hub/common.ts"])).toEqual([
      "hub/src/utils/a.ts",
      "hub/types/b.ts",
    ]);
  });

  test("a name that is not in kebab-case", () => {
    expect(
      findOddNames([
        "a/fooBar.ts",
        "a_b.ts",
        "A/b.ts",
        "a--b.ts",
        "README.md",
        ".oxlintrc.json",
        "a/b-c.test.ts",
      ]),
    ).toEqual(["a/fooBar.ts", "a_b.ts", "A/b.ts", "a--b.ts"]);
  });

  test("a path of the machine, but not of an address or of every machine", () => {
    const text = 'cd /premises/house/x\nfile:///premises/y\nhttps://a.org/premises/z\n/premises-2\n"/tmp/a"';

    expect(findMachinePaths(textOf(text), ["/premises/house", "/premises", "/tmp", "/"])).toEqual([
      "planted.ts:1: cd /premises/house/x",
      "planted.ts:2: file:///premises/y",
    ]);
  });

  test("a promise", () => {
    const promise = ["// TO", "DO: later"].join("");

    expect(findPromises(textOf(`const a = 1;\n${promise}`))).toEqual([`planted.ts:2: ${promise}`]);
  });

  test("an address in a lock file", () => {
    const lockFile = '"resolved": "https://registry.npmjs.org/a.tgz"\n"resolved": "shared"';

    expect(findResolvedAddresses(lockFile)).toHaveLength(1);
  });

  test("a module without a manifest", () => {
    expect(findIncompleteModules(["agent/modules/dmx/module.ts", "agent/modules/dmx/README.md"])).toEqual([
      "agent/modules/dmx/manifest.ts",
    ]);
  });

  test("a place on a map that is not there, by whatever part of its path it is named", () => {
    const there = ["hub/src/hub.ts", "hub/src/core/stop/stop-book.ts", "hub/cli/config-plan.ts"];
    const map =
      "`hub.ts`, `src/core/stop`, `core/{stop,mode}`, `cli/config-*.ts`, `b.ts`, `ub.ts`, `npm test`";

    expect(findLostPlaces(map, there)).toEqual(["core/mode", "b.ts", "ub.ts"]);
  });

  test("a missing README", () => {
    expect(findMissingFiles(["LICENSE"])).toContain("README.md");
  });
});
