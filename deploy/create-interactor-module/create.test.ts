import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const clone = join(import.meta.dirname, "..", "..");

/** What lies in the archive that `npm pack` makes, unpacked where no clone is around it. */
function packed(): { readonly folder: string; readonly program: string } {
  const folder = mkdtempSync(join(tmpdir(), "create-module-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const archive = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  }).trim();
  mkdirSync(join(folder, "unpacked"));
  execFileSync("tar", ["-xzf", join(folder, archive), "-C", join(folder, "unpacked")]);
  return { folder, program: join(folder, "unpacked", "package", "create.mjs") };
}

const run = (program: string, cwd: string, path: string, ...words: readonly string[]) =>
  spawnSync(process.execPath, [program, ...words], {
    cwd,
    env: { ...process.env, PATH: path },
    encoding: "utf8",
  });

/** Of this Node and of the shell, and of nothing of ours. */
const bare = [dirname(process.execPath), "/usr/bin", "/bin"]
  .filter((folder) => !folder.startsWith(clone))
  .join(":");

test("packed, it makes a module by the command it finds in PATH", { timeout: 120_000 }, () => {
  const { folder, program } = packed();
  const path = `${join(clone, "node_modules", ".bin")}:${bare}`;

  const { status, stdout, stderr } = run(program, folder, path, "blink", "--template", "logic");

  expect(stderr.replace("building …\n", "")).toBe("");
  expect(status).toBe(0);
  expect(stdout).toContain("made blink, which decides something from values of others");
  expect(JSON.parse(readFileSync(join(folder, "blink", "package.json"), "utf8"))).toMatchObject({
    name: "blink",
  });
});

test("where there is no Interactor it says what to do", { timeout: 120_000 }, () => {
  const { folder, program } = packed();

  const { status, stderr } = run(program, folder, bare, "blink");

  expect(status).toBe(3);
  expect(stderr).toContain("there is no `interactor` command here. Clone Interactor");
});

test("what `interactor module create` refuses ends with its code", { timeout: 120_000 }, () => {
  const { folder } = packed();

  const { status, stderr } = run(join(import.meta.dirname, "create.mjs"), folder, bare, "No Name");

  expect(status).toBe(2);
  expect(stderr).toContain("a name is a-z, 0-9");
});
