// The launcher of a clone, with a build and a command of our own behind it.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

interface CloneOptions {
  readonly hasPackages?: boolean;
  readonly build?: string;
}

/** A clone that holds nothing but the launcher; its command prints what it was given. */
function cloneWithLauncher({ hasPackages = true, build = "" }: CloneOptions = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "launcher-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const each of ["hub/cli", "deploy", "dist/cli"]) mkdirSync(join(folder, each), { recursive: true });
  const launcher = join(folder, "hub/cli/interactor.mjs");
  cpSync(join(import.meta.dirname, "../../hub/cli/interactor.mjs"), launcher);
  writeFileSync(
    join(folder, "deploy/ensure-built.ts"),
    `export async function ensureBuilt(announce: () => void): Promise<void> { ${build} }`,
  );
  writeFileSync(
    join(folder, "dist/cli/interactor.mjs"),
    `console.log(JSON.stringify({ args: process.argv.slice(2), pid: process.pid, node: process.versions.node }));
     if (process.argv.includes("wait")) setInterval(() => {}, 1000);
     process.exitCode = 3;`,
  );
  if (hasPackages) {
    mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
    symlinkSync(process.execPath, join(folder, "node_modules/.bin/node"));
    symlinkSync("../../hub/cli/interactor.mjs", join(folder, "node_modules/.bin/interactor"));
  }
  return folder;
}

test("from any folder and through npm's link, arguments and exit code pass through", () => {
  const folder = cloneWithLauncher();

  const { stdout, status } = spawnSync(
    join(folder, "node_modules/.bin/interactor"),
    ["set", "a b", "--for=10s"],
    {
      cwd: tmpdir(),
      encoding: "utf8",
    },
  );

  expect(JSON.parse(stdout)).toMatchObject({
    args: ["set", "a b", "--for=10s"],
    node: process.versions.node,
  });
  expect(status).toBe(3);
});

test("no process stands between the terminal and the command", async () => {
  const child = spawn(join(cloneWithLauncher(), "hub/cli/interactor.mjs"), ["wait"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.on("exit", (_code, signal) => resolve(signal)));

  const [line] = await child.stdout.setEncoding("utf8").take(1).toArray();
  child.kill("SIGTERM");

  expect(JSON.parse(line)).toMatchObject({ pid: child.pid });
  expect(await ended).toBe("SIGTERM");
});

test("without packages one line says what to do", () => {
  const folder = cloneWithLauncher({ hasPackages: false });

  const { status, stderr } = spawnSync(join(folder, "hub/cli/interactor.mjs"), { encoding: "utf8" });

  expect(status).toBe(1);
  expect(stderr).toBe(`interactor: packages are missing; run \`npm ci\` or \`npm start\` in ${folder}\n`);
});

test("a build that fails is said, and nothing old is started", () => {
  const folder = cloneWithLauncher({ build: 'announce(); throw new Error("syntax");' });

  const result = spawnSync(join(folder, "hub/cli/interactor.mjs"), { encoding: "utf8" });

  expect(result).toMatchObject({ status: 1, stdout: "" });
  expect(result.stderr).toBe("building …\ninteractor: the build failed: syntax\n");
});
