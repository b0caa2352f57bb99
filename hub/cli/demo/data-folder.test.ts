import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ok } from "@interactor/shared/kernel/result";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import type { CompiledSite } from "@interactor/shared/site/compiled-site";
import { openDemoFolder } from "./data-folder.ts";

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "demo-folder-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function compiledIn(file: string): CompiledSite {
  const read = () => ok(readFileSync(file, "utf8"));
  const compiled = compileSite({ root: file, site: "demo", read }, new DeclaredModules(builtInModules));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error.problems));
  return compiled.value;
}

test("a first demo finds a site file that is right, with a node to run", async () => {
  using folder = await openDemoFolder(join(emptyFolder(), "new"));

  const { description } = folder;
  if (description.kind !== "site") throw new Error("no site file");
  const site = compiledIn(description.file);
  expect(site.hub.mode).toBe("maintenance");
  expect(site.hub.modes["maintenance"]).toMatchObject({ audience: false, updates: true });
  expect(Object.keys(site.nodes["demo"]?.instances ?? {})).toEqual(["host", "sim", "dmx"]);
  const text = readFileSync(description.file, "utf8");
  expect(text).toMatch(/^# yaml-language-server: .*\n#\n# The demo, described once/);
  expect(text.match(/# The installation, described once/g)).toBeNull();
  expect(JSON.parse(readFileSync(join(folder.path, "site.schema.json"), "utf8"))).toHaveProperty(
    "properties",
  );
});

test("the folder of an earlier demo goes on as it was, with what is missing beside it", async () => {
  const path = emptyFolder();
  writeFileSync(join(path, "routes.yaml"), "routes: []\n");

  using folder = await openDemoFolder(path);

  const { description } = folder;
  if (description.kind !== "parts") throw new Error("a site file beside routes.yaml");
  expect(readFileSync(description.routes, "utf8")).toBe("routes: []\n");
  expect(JSON.parse(readFileSync(description.config, "utf8")).instances).toHaveProperty("sim");
  expect(existsSync(join(path, "site.yaml"))).toBe(false);
});

test("a site file that somebody put into an earlier demo is what runs, and is never written over", async () => {
  const path = emptyFolder();
  for (const [name, text] of [
    ["site.yaml", "site: mine\n"],
    ["node.json", "{}"],
  ] as const)
    writeFileSync(join(path, name), text);

  using folder = await openDemoFolder(path);

  const file = join(path, "site.yaml");
  expect(folder.description).toEqual({ kind: "site", file, passedOver: [join(path, "node.json")] });
  expect(readFileSync(file, "utf8")).toBe("site: mine\n");
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
