import { join, resolve } from "node:path";
import { expect, test } from "vitest";
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

test("in the clone itself it is told once", () => {
  const folders = dataFolders(undefined, {}, join(clone, "blink"));

  expect(folders.slice(0, 2)).toEqual([join(clone, "blink", ".interactor"), join(clone, ".interactor")]);
  expect(new Set(folders).size).toBe(folders.length);
});

test("from a folder that lies too deep nobody climbs for ever", () => {
  expect(dataFolders(undefined, {}, `/${"a/".repeat(100)}`)).toHaveLength(33);
});
