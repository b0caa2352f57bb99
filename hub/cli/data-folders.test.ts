import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { dataFolders } from "./data-folders.ts";

const clone = resolve(import.meta.dirname, "../..");

test("the folder that is named is the only one: by the option, else by the environment", () => {
  const env = { INTERACTOR_DATA: "/from/environment" };

  expect(dataFolders("/given", env, "/anywhere")).toEqual(["/given"]);
  expect(dataFolders(undefined, env, "/anywhere")).toEqual(["/from/environment"]);
});

test("else it is here, or around, or in the clone of this command", () => {
  expect(dataFolders(undefined, { INTERACTOR_DATA: "" }, "/a/b")).toEqual([
    "/a/b/.interactor",
    "/a/.interactor",
    "/.interactor",
    join(clone, ".interactor"),
  ]);
});

test("around, what belongs to somebody else is passed over; here it is what was meant", () => {
  const around = mkdtempSync(join(tmpdir(), "data-folders-"));
  onTestFinished(() => rmSync(around, { recursive: true }));
  const [own, inner] = [join(around, ".interactor"), join(around, "inner")];
  for (const folder of [own, inner]) mkdirSync(folder);
  expect(dataFolders(undefined, {}, inner)).toContain(own);

  // Only root can give a folder away: whoever else runs this has seen what there is to see.
  if (process.getuid?.() !== 0) return;
  chownSync(own, 65_534, 65_534);

  expect(dataFolders(undefined, {}, inner)).not.toContain(own);
  expect(dataFolders(undefined, {}, around)[0]).toBe(own);
});

test("in the clone itself it is told once", () => {
  const folders = dataFolders(undefined, {}, join(clone, "blink"));

  expect(folders.slice(0, 2)).toEqual([join(clone, "blink", ".interactor"), join(clone, ".interactor")]);
  expect(new Set(folders).size).toBe(folders.length);
});

test("from a folder that lies too deep nobody climbs for ever", () => {
  expect(dataFolders(undefined, {}, `/${"a/".repeat(100)}`)).toHaveLength(33);
});
