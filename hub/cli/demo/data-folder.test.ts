import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseRoutesFile } from "@interactor/shared/site/routes-file";
import { openDemoFolder } from "./data-folder.ts";

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "demo-folder-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a first demo finds routes that compile and instances to run", async () => {
  using folder = await openDemoFolder(join(emptyFolder(), "new"));

  const routes = parseRoutesFile(readFileSync(folder.routes, "utf8"));
  expect(routes.ok && routes.value.map(({ name }) => name)).toEqual(["approach", "motion-light"]);
  expect(Object.keys(JSON.parse(readFileSync(folder.config, "utf8")).instances)).toEqual([
    "host",
    "sim",
    "dmx",
  ]);
});

test("what somebody edited is never written over", async () => {
  const path = emptyFolder();
  writeFileSync(join(path, "routes.yaml"), "routes: []\n");

  using folder = await openDemoFolder(path);

  expect(readFileSync(folder.routes, "utf8")).toBe("routes: []\n");
});

test("a second demo on the folder is refused, and told who has it", async () => {
  const path = emptyFolder();
  using _first = await openDemoFolder(path);

  await expect(openDemoFolder(path)).rejects.toThrow(`in use by another demo (process ${process.pid})`);
});

test("a folder that was given back can be used again", async () => {
  const path = emptyFolder();
  (await openDemoFolder(path))[Symbol.dispose]();

  using folder = await openDemoFolder(path);

  expect(folder.path).toBe(path);
});

test("a file in the folder's place is said to be one", async () => {
  const path = join(emptyFolder(), "file");
  writeFileSync(path, "");

  await expect(openDemoFolder(path)).rejects.toThrow("there is a file in its place");
  await expect(openDemoFolder(join(path, "inside"))).rejects.toThrow("there is a file in its place");
});

test("a lock that is no lock is named", async () => {
  const path = emptyFolder();
  mkdirSync(join(path, "lock"));

  await expect(openDemoFolder(path)).rejects.toThrow(`cannot lock ${join(path, "lock")}`);
});
