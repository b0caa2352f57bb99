import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

function runTests(...args: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  return spawnSync(process.execPath, [join(import.meta.dirname, "run.ts"), ...args], { encoding: "utf8" });
}

test("an unknown step is refused in one line that names the known ones", () => {
  const { status, stderr } = runTests("--only", "lint");

  expect(status).toBe(2);
  expect(stderr).toBe("test: no step lint; there are tsc, tsc-pure, oxlint, oxfmt, knip, build, vitest\n");
});

test("an unknown option is refused", () => {
  expect(runTests("--fast").status).toBe(2);
});
