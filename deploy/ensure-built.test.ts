import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { isUpToDate } from "./ensure-built.ts";

const builtAt = 1000;

/** A folder with a stamp and one source, both as old as the build. */
function sourcesAtBuild(): { readonly stamp: string; readonly sources: string } {
  const folder = mkdtempSync(join(tmpdir(), "ensure-built-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sources = join(folder, "src");
  const stamp = join(folder, "stamp");
  mkdirSync(join(sources, "core"), { recursive: true });
  writeFileSync(stamp, "");
  writeFileSync(join(sources, "core/outbox.ts"), "");
  for (const path of ["core/outbox.ts", "core", ""]) setAge(join(sources, path), builtAt);
  setAge(stamp, builtAt);
  return { stamp, sources };
}

function setAge(path: string, seconds: number): void {
  utimesSync(path, seconds, seconds);
}

test("nothing changed: nothing to build", () => {
  const { stamp, sources } = sourcesAtBuild();

  expect(isUpToDate(stamp, [sources])).toBe(true);
});

test("a changed source is seen, however deep", () => {
  const { stamp, sources } = sourcesAtBuild();

  setAge(join(sources, "core/outbox.ts"), builtAt + 1);

  expect(isUpToDate(stamp, [sources])).toBe(false);
});

test("a removed source is seen by its folder", () => {
  const { stamp, sources } = sourcesAtBuild();

  rmSync(join(sources, "core/outbox.ts"));

  expect(isUpToDate(stamp, [sources])).toBe(false);
});

test("a changed test or an installed package is no reason to build", () => {
  const { stamp, sources } = sourcesAtBuild();
  mkdirSync(join(sources, "node_modules/left"), { recursive: true });
  writeFileSync(join(sources, "core/outbox.test.ts"), "");
  for (const path of ["core", ""]) setAge(join(sources, path), builtAt);

  expect(isUpToDate(stamp, [sources])).toBe(true);
});

test("without a stamp, or without a place to look at, it builds", () => {
  const { stamp, sources } = sourcesAtBuild();

  expect(isUpToDate(`${stamp}.none`, [sources])).toBe(false);
  expect(isUpToDate(stamp, [`${sources}.none`])).toBe(false);
});
