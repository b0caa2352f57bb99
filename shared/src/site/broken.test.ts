import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failed, ok } from "../kernel/result.ts";
import { testModules } from "../testing/module-declarations.ts";
import { builtInModules } from "./built-in-modules.ts";
import { DeclaredModules } from "./catalogue.ts";
import { compileSite } from "./compile-site.ts";
import { problemReport } from "./site-problem.ts";

// Each file of the folder is wrong in one way that people are wrong, and beside it stands what they are told. Read a
// text before you take it over with UPDATE=1: would you know what to type?

const folder = join(import.meta.dirname, "broken");
const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const catalogue = new DeclaredModules([...builtInModules, ...testModules], "0.1.0");

function reportOf(name: string): string {
  const read = (path: string) =>
    existsSync(join(folder, path))
      ? ok(readFileSync(join(folder, path), "utf8"))
      : failed(`there is no file ${path}`);
  const compiled = compileSite({ root: name, site: "demo", read }, catalogue);
  if (compiled.ok) return "nothing is wrong\n";
  const { problems, lineOf } = compiled.error;
  return `${problems.map((problem) => problemReport(problem, lineOf).join("\n")).join("\n\n")}\n`;
}

test("there are broken files enough", () => {
  expect(names.length).toBeGreaterThanOrEqual(30);
});

test.each(names)("%s: whoever wrote it is told what to type", (name) => {
  const path = join(folder, name.replace(/yaml$/, "txt"));
  const report = reportOf(name);

  if (process.env["UPDATE"] === "1") writeFileSync(path, report);

  expect(report).not.toBe("nothing is wrong\n");
  expect(report).toBe(readFileSync(path, "utf8"));
});
