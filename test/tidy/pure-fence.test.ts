// tsconfig.pure.json is a fence only as long as nothing lets Node's or the browser's types in through a side door:
// one package whose declarations ask for them would open it without a word. So we plant what must not compile,
// next to imports of every package that pure code may use.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { homes } from "./import-rules.ts";
import { root } from "./repository.ts";

const forbidden = [
  'export * from "node:fs";',
  "setTimeout(() => undefined, 1);",
  "console.log(1);",
  "process.exit();",
  'Buffer.from("");',
  'fetch("");',
  "performance.now();",
  'document.createElement("p");',
  "AbortSignal.timeout(1);",
] as const;

const allowed = [
  "export const stopped: boolean = AbortSignal.any([new AbortController().signal]).aborted;",
  'export const text: string = new TextDecoder().decode(new TextEncoder().encode("x"));',
] as const;

test("Node, the browser and their clocks do not compile in pure code; what kernel/ambient.d.ts names does", () => {
  const packages = homes
    .filter((home) => !home.isNodeAllowed && home.npm !== "any")
    .flatMap((home) => home.npm);
  expect(packages.length).toBeGreaterThan(0);
  const imports = packages.map((name) => `import ${JSON.stringify(name)};`);
  const lines = [...imports, ...allowed, ...forbidden];

  const complaints = compilePure(lines.join("\n"));

  const first = imports.length + allowed.length + 1;
  const refusedLines = [...new Set(complaints.map(({ line }) => line))].toSorted((a, b) => a - b);
  expect(refusedLines).toEqual(forbidden.map((_, index) => first + index));
});

/** Compiles one planted file as tsconfig.pure.json would, and returns where the compiler refused it. */
function compilePure(source: string): readonly { readonly line: number }[] {
  // Inside the repository, so that packages are found; its name is ignored by git and by every other check.
  const folder = mkdtempSync(join(root, "node_modules", ".pure-fence-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "planted.ts"), source);
  const up = relative(folder, root);
  const settings = {
    extends: `${up}/tsconfig.pure.json`,
    include: ["planted.ts", `${up}/shared/src/kernel/*.d.ts`],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...settings, exclude: [] }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, "--project", folder], { encoding: "utf8" });
  return [...stdout.matchAll(/planted\.ts\((\d+),/g)].map((match) => ({ line: Number(match[1]) }));
}
