import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { failed, ok } from "@interactor/shared/kernel/result";
import { builtInModules } from "@interactor/shared/site/built-in-modules";
import { DeclaredModules } from "@interactor/shared/site/catalogue";
import { compileSite } from "@interactor/shared/site/compile-site";
import { filesOf, refused } from "./site-payload.ts";

const sample = join(import.meta.dirname, "../../shared/src/site/fixtures/samples/head.json");

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "site-payload-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "cellar"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("the files of a site are named from its own folder, with what they include", () => {
  const included = { "hall.yaml": "groups: {}\n", "cellar/cellar.yaml": "nodes: {}\n" };
  const root = "include: [hall.yaml, cellar/cellar.yaml, gone.yaml]\n";
  const folder = folderWith({ "site.yaml": root, "beside.yaml": "nodes: {}\n", ...included });

  expect(filesOf(join(folder, "site.yaml"))).toEqual({
    root: "site.yaml",
    files: { "site.yaml": root, ...included },
  });
});

test("fixtures go along: the hub compiles the same site as we do", () => {
  const head = readFileSync(sample, "utf8");
  const stage =
    "{ module: dmx, failsafe: hold, settings: { universe: 1, sacn: {}, " +
    "fixtures: { a: { file: cellar/head.json, mode: 8ch, channel: 1 } } } }";
  const root = `nodes: { hall: { instances: { stage: ${stage} } } }\n`;
  const folder = folderWith({ "site.yaml": root, "cellar/head.json": head });

  const { files, ...given } = filesOf(join(folder, "site.yaml"));

  expect(files).toEqual({ "site.yaml": root, "cellar/head.json": head });
  const read = (path: string) =>
    Object.hasOwn(files, path) ? ok(files[path] ?? "") : failed(`there is no file ${path}`);
  const compiled = compileSite({ ...given, site: "demo", read }, new DeclaredModules(builtInModules));
  expect(compiled).toMatchObject({ ok: true });
});

test("a file that is not there, and one that is no text, are told", () => {
  const folder = folderWith({});
  writeFileSync(join(folder, "bytes.yaml"), Buffer.from([0xff, 0xfe, 0x00]));

  expect(() => filesOf(join(folder, "none.yaml"))).toThrow("there is no file");
  expect(() => filesOf(join(folder, "bytes.yaml"))).toThrow("is no UTF-8 text");
});

test("what the hub says is wrong stands under the user's own names of the files, with the line", () => {
  const written: string[] = [];
  const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  onTestFinished(() => write.mockRestore());
  const problem = { line: 2, column: 3, path: "nodes", message: "no", hint: "yes" };
  const problems = [
    { ...problem, file: "site.yaml", source: "  pi:" },
    { ...problem, file: "hall.yaml", source: "  pa:" },
  ];

  expect(() => refused("gallery/site.yaml", { problems, more: 0 }, { color: false })).toThrow(
    "2 problems in gallery/site.yaml",
  );
  expect(written.join("")).toContain("gallery/site.yaml:2:3: nodes: no\n     2 |   pi:\n");
  expect(written.join("")).toContain("gallery/hall.yaml:2:3: nodes: no\n     2 |   pa:\n");
});
