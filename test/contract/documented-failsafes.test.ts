// The table of failsafes in README.md: what stands there is what a site file takes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Level, parseFailsafe } from "@interactor/shared/site/failsafe";

const page = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const table = page.slice(page.indexOf("A **failsafe** is")).split("\n\n")[1] ?? "";
const [, , ...rows] = table.split("\n");
/** What is written, wherever in its row. */
const written = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/gu)].map(([, code = ""]) => code));
/** Words of the table that are no whole failsafe. */
const words = new Set(["night", "level", "fade"]);
const failsafes = written.filter((each) => !words.has(each));

test("the table has its rows", () => {
  expect(rows.length).toBe(6);
  expect(failsafes.length).toBe(9);
});

/** As YAML reads it: within its quotes is a text. */
function levelOf(code: string): Level {
  if (code === "false" || Number.isFinite(Number(code))) return JSON.parse(code) as Level;
  return code.replace(/^'(.*)'$/u, "$1");
}

test.each(failsafes)("%s is read as it stands there", (code) => {
  expect(parseFailsafe(levelOf(code))).toMatchObject({ ok: true });
});
