import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { judge, packageOf, requiresIn } from "./requires.ts";

const folder = mkdtempSync(join(tmpdir(), "requires-"));
writeFileSync(join(folder, "socat"), "#!/bin/sh\n");
chmodSync(join(folder, "socat"), 0o755);
writeFileSync(join(folder, "olad"), "not executable");
afterAll(() => rmSync(folder, { recursive: true }));

test("a test runs when every command is there", () => {
  expect(judge({ path: folder, isCi: true }, ["socat"])).toEqual({ kind: "run" });
});

test("a missing command skips the test and names its package", () => {
  expect(judge({ path: folder, isCi: false }, ["socat", "olad", "promtool"])).toEqual({
    kind: "skip",
    reason: "olad, promtool not found; apt-get install ola prometheus",
  });
});

test("a missing command fails the test in CI", () => {
  expect(judge({ path: folder, isCi: true }, ["olad"]).kind).toBe("fail");
});

const said: string[] = [];
const warn = (line: string): void => void said.push(line);

test("a skip is said aloud", () => {
  requiresIn({ path: folder, isCi: false, warn, test }, "olad");

  expect(said).toEqual(["SKIPPED tests: olad not found; apt-get install ola\n"]);
});

// Registers a test that must fail; were it missing, nothing would say so, hence the count.
const registered: string[] = [];
requiresIn({ path: folder, isCi: true, warn, test: registerFailing }, "olad");

function registerFailing(name: string, run: () => void): void {
  registered.push(name);
  test.fails(name, run);
}

test("in CI a test that fails stands for those that cannot run", () => {
  expect(registered).toEqual(["needs olad"]);
});

test("the table names exactly the packages that CI installs", () => {
  const list = readFileSync(join(import.meta.dirname, "../../.ci/debian-packages"), "utf8");
  const listed = list.split("\n").map((line) => line.replace(/#.*/, "").trim());

  const named = Object.values(packageOf).flatMap((packages) => packages.split(" "));

  expect(listed.filter((name) => name !== "").toSorted()).toEqual(named.toSorted());
});
