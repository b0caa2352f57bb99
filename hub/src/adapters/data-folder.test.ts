import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataFolder } from "./data-folder.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "interactor-folder-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a folder that is not there yet is made, with those above it", () => {
  using opened = openDataFolder(join(folder, "a/b/c"));

  expect(opened).toBeDefined();
});

test("a second process on the folder is told what to do, and the folder is free again afterwards", () => {
  const path = join(folder, "hub");
  {
    using first = openDataFolder(path);
    expect(first).toBeDefined();
    expect(() => openDataFolder(path)).toThrow("used by another hub: stop it or give another --data");
  }

  using second = openDataFolder(path);

  expect(second).toBeDefined();
});

test.each([
  ["a folder", (path: string) => mkdirSync(path)],
  ["garbage", (path: string) => writeFileSync(path, "no database".repeat(500))],
])("a lock that is %s is named, and not taken for another hub", (_what, spoil) => {
  spoil(join(folder, "lock"));

  expect(() => openDataFolder(folder)).toThrow(`cannot lock ${join(folder, "lock")}`);
});

test("a path where nothing can be made is refused at once", () => {
  expect(() => openDataFolder("/proc/nothing/here")).toThrow("cannot write to the data folder");
});
