import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDataFolder } from "./data-folder.ts";

const root = mkdtempSync(join(tmpdir(), "interactor-data-folder-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function board(name: string, serial: string): string {
  const path = join(root, name);
  writeFileSync(path, `${serial}\0`);
  return path;
}
const unitIn = (folder: string, serialFile: string): string => {
  using data = openDataFolder(folder, serialFile);
  return data.unit;
};

test("a unit is the same over restarts, and another one when its card is cloned into another board", () => {
  const card = join(root, "card");
  const [first, second] = [board("first", "10000000abcdef01"), board("second", "10000000abcdef02")];

  const unit = unitIn(card, first);

  expect(unit).toMatch(/^[\w-]+\.[0-9a-f]{8}$/);
  expect(unitIn(card, first)).toBe(unit);
  const clone = join(root, "clone");
  cpSync(card, clone, { recursive: true });
  expect(unitIn(clone, second)).not.toBe(unit);
});

test("a board without a number has the unit of its card alone", () => {
  const card = join(root, "plain");
  const unit = unitIn(card, join(root, "no-such-file"));

  expect(unit).toMatch(/^[\w-]+$/);
  expect(unitIn(card, board("empty", ""))).toBe(unit);
});
