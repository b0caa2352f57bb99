// The bootstrap against an npm of our own: what it decides, and what happens to the install it started.

import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";

/**
 * `npm ci` that leaves a pinned Node behind, and a line in `installs` each time; `$NPM` says how else it behaves. Asked for
 * another processor it brings the one optional package, as the real one does, or nothing.
 */
const npmSource = `
const { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const cpu = process.argv.find((argument) => argument.startsWith("--cpu="));
if (cpu !== undefined) {
  appendFileSync("../../machines", cpu + "\\n");
  if (process.env.NPM === "hangs") return void setInterval(() => {}, 1000);
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  for (const path of process.env.NPM === "offline" ? [] : Object.keys(packages).filter(Boolean)) {
    mkdirSync(path, { recursive: true });
    writeFileSync(path + "/package.json", JSON.stringify(packages[path]));
  }
  process.exit(0);
}
rmSync("node_modules", { recursive: true, force: true });
appendFileSync("installs", process.pid + "\\n");
if (process.env.NPM === "fails") {
  for (let line = 1; line <= 100; line++) console.error("line " + line);
  process.exit(7);
}
if (process.env.NPM === "hangs") {
  process.on("SIGTERM", () => {}); // As the real one does while it unpacks.
  setInterval(() => {}, 1000);
} else setTimeout(() => {
  mkdirSync("node_modules/.bin", { recursive: true });
  writeFileSync("node_modules/.bin/node", "");
}, 500);
`;

interface Clone {
  readonly folder: string;
  /** Starts the bootstrap, or a shell script in which `$BOOTSTRAP` starts it. */
  readonly start: (
    npm?: "hangs" | "fails" | "offline",
    script?: string,
    event?: string,
    more?: Readonly<Record<string, string>>,
  ) => Started;
  readonly installs: () => readonly number[];
  /** How npm was asked for other machines. */
  readonly machines: () => readonly string[];
  readonly lock: (text: string) => void;
}

interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly output: string;
  }>;
}

function freshClone(): Clone {
  const folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "deploy"));
  for (const name of ["bootstrap.mjs", "other-machines.mjs", "run-npm.mjs"])
    copyFileSync(join(import.meta.dirname, "../../deploy", name), join(folder, "deploy", name));
  const bootstrap = join(folder, "deploy/bootstrap.mjs");
  const npm = join(folder, "npm-cli.js");
  writeFileSync(npm, npmSource);
  chmodSync(npm, 0o755);
  const lock = (text: string): void => writeFileSync(join(folder, "package-lock.json"), text);
  lock('{ "packages": {} }');
  return {
    folder,
    lock,
    start: (behaviour, script = "exec $BOOTSTRAP", event = "start", more = {}) =>
      startScript(script, folder, {
        BOOTSTRAP: `${process.execPath} ${bootstrap}`,
        npm_execpath: npm,
        NPM: behaviour ?? "",
        npm_lifecycle_event: event,
        ...more,
      }),
    installs: () => readLines(join(folder, "installs")).map(Number),
    machines: () => readLines(join(folder, "machines")),
  };
}

function startScript(script: string, cwd: string, more: Readonly<Record<string, string>>): Started {
  const child = spawn("sh", ["-c", script], {
    cwd,
    env: { ...process.env, ...more },
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended: Started["ended"] = new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, output }));
  });
  return { process: child, ended };
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a fresh clone is installed once, and again only when the lock file changes", async () => {
  const clone = freshClone();

  const first = await clone.start().ended;
  const second = await clone.start().ended;
  clone.lock('{ "packages": { "node_modules/a": { "version": "1.0.0" } } }');
  const third = await clone.start().ended;

  expect(first.code).toBe(0);
  expect(first.output).toMatch(
    /^setting up: installing packages .*…\nsetting up: packages are installed, \d+ s\n$/,
  );
  expect(second).toMatchObject({ code: 0, output: "" });
  expect(third.code).toBe(0);
  expect(clone.installs()).toHaveLength(2);
});

test("what `npm install` brought by hand is not installed again", async () => {
  const clone = freshClone();
  const lock =
    '{ "packages": { "node_modules/a": { "version": "1.0.0" }, "node_modules/b": { "optional": true } } }';
  clone.lock(lock);
  mkdirSync(join(clone.folder, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(clone.folder, "node_modules/.bin/node"), "");
  const record = '{ "packages": { "node_modules/a": { "version": "1.0.0" } } }';
  writeFileSync(join(clone.folder, "node_modules/.package-lock.json"), record);

  expect(await clone.start().ended).toMatchObject({ code: 0, output: "" });
  expect(clone.installs()).toEqual([]);
});

const koffiFor = (processor: string, version: string) => ({
  [`node_modules/@koromix/koffi-linux-${processor}`]: { version, optional: true, cpu: [processor] },
});

test("what agents for other machines need is brought, once, and anew with another version", async () => {
  const clone = freshClone();
  clone.lock(JSON.stringify({ packages: koffiFor("arm64", "3.0.0") }));
  const file = join(clone.folder, "node_modules/@koromix/koffi-linux-arm64/package.json");
  const version = (): unknown => JSON.parse(readFileSync(file, "utf8")).version;

  expect(await clone.start().ended).toMatchObject({ code: 0 });
  expect(await clone.start().ended).toMatchObject({ code: 0, output: "" });
  expect(version()).toBe("3.0.0");
  expect(clone.machines()).toEqual(["--cpu=arm64"]);
  clone.lock(JSON.stringify({ packages: koffiFor("arm64", "3.0.1") }));
  await clone.start().ended;

  expect(version()).toBe("3.0.1");
  expect(existsSync(join(clone.folder, ".interactor"))).toBe(false);
});

test("without a network for other machines everything else goes on, and a build tries again", async () => {
  const clone = freshClone();
  clone.lock(JSON.stringify({ packages: koffiFor("arm64", "3.0.0") }));

  const first = await clone.start("offline").ended;
  expect(first.code).toBe(0);
  expect(first.output).toContain("koffi-linux-arm64: npm did not bring it); `npm run build` tries again");
  expect(await clone.start("offline").ended).toMatchObject({ code: 0, output: "" });
  expect(await clone.start("offline", undefined, "build").ended).toMatchObject({ code: 0 });
  expect(await clone.start(undefined, undefined, "build").ended).toMatchObject({
    code: 0,
    output: "setting up: fetching koffi for linux-arm64, for agents on such machines …\n",
  });
  expect(await clone.start(undefined, undefined, "build").ended).toMatchObject({ code: 0, output: "" });

  expect(clone.machines()).toHaveLength(3);
  expect(clone.installs()).toHaveLength(1);
});

/** A clone in which the packages are, but nothing for agents on a Pi. */
function cloneWithoutPi(more: object = {}): Clone {
  const clone = freshClone();
  const [[path, wanted] = []] = Object.entries(koffiFor("arm64", "3.0.0"));
  clone.lock(JSON.stringify({ packages: { [path ?? ""]: { ...wanted, ...more } } }));
  mkdirSync(join(clone.folder, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(clone.folder, "node_modules/.bin/node"), "");
  writeFileSync(join(clone.folder, "node_modules/.package-lock.json"), '{ "packages": {} }');
  return clone;
}

const whatIsTold = (output: string): readonly string[] => output.trimEnd().split("\n");
const tellsWithout = (reason: string): RegExp =>
  new RegExp(
    `^setting up: not for other machines than this one \\(${reason}.*\\); .npm run build. tries again$`,
  );

test("where the network hangs, npm itself gives up soon, and the next start does not ask", async () => {
  let asked = 0;
  const server = createServer((socket) => void (asked++, socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const clone = cloneWithoutPi({
    resolved: `http://127.0.0.1:${port}/koffi.tgz`,
    integrity: `sha512-${Buffer.alloc(64).toString("base64")}`,
  });
  const realNpm = {
    npm_execpath: "",
    npm_config_cache: join(clone.folder, "cache"),
    npm_config_registry: `http://127.0.0.1:${port}/`,
    // Four times that is the longest that it may take: enough for npm to start on a machine that others use too.
    npm_config_fetch_timeout: "5000",
  };

  const { code, output } = await clone.start(undefined, undefined, "start", realNpm).ended;

  expect(code).toBe(0);
  const [progress, told = ""] = whatIsTold(output);
  expect(progress).toBe("setting up: fetching koffi for linux-arm64, for agents on such machines …");
  expect(told).toMatch(tellsWithout("@koromix/koffi-linux-arm64: npm did not bring it"));
  expect(asked).toBe(1);
  expect(await clone.start(undefined, undefined, "start", realNpm).ended).toMatchObject({
    code: 0,
    output: "",
  });
});

test("an npm that does not end is ended, and nothing else with it", async () => {
  const clone = cloneWithoutPi();

  const hanging = clone.start("hangs", undefined, "build", { npm_config_fetch_timeout: "250" });
  const { code, output } = await hanging.ended;

  expect(code).toBe(0);
  expect(whatIsTold(output)[1]).toMatch(
    tellsWithout("@koromix/koffi-linux-arm64: npm ci took longer than 1 s"),
  );
  expect(readdirSync(clone.folder)).not.toContain(".interactor");
});

test("who does not wait for other machines is not made to wait again", async () => {
  const clone = cloneWithoutPi();
  const started = clone.start("hangs");
  await vi.waitUntil(() => clone.machines().length === 1, { timeout: 10_000 });

  started.process.kill("SIGINT");

  expect(await started.ended).toMatchObject({ signal: "SIGINT" });
  expect(await clone.start("hangs").ended).toMatchObject({ code: 0, output: "" });
});

test("node_modules may be another file system", async () => {
  const clone = cloneWithoutPi();
  const elsewhere = mkdtempSync("/dev/shm/bootstrap-");
  onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
  symlinkSync(elsewhere, join(clone.folder, "node_modules/@koromix"));

  expect(whatIsTold((await clone.start().ended).output)).toHaveLength(1);
  expect(readdirSync(elsewhere)).toEqual(["koffi-linux-arm64"]);
});

test.each([
  {
    what: "a place that nothing can be put in",
    obstruct: (folder: string) => symlinkSync("/proc/self", join(folder, "node_modules/@koromix")),
    reason: "@koromix/koffi-linux-arm64: E",
  },
  {
    what: "a stamp that cannot be written",
    obstruct: (folder: string) =>
      symlinkSync(join(folder, "nowhere/stamp"), join(folder, "node_modules/.interactor-machines")),
    reason: "cannot write in .*node_modules: ENOENT",
  },
  {
    what: "a lock that cannot be taken",
    obstruct: (folder: string) => writeFileSync(join(folder, ".interactor"), ""),
    reason: "cannot write in .*: E(EXIST|NOTDIR)",
  },
])("$what ends nothing where the packages are installed", async ({ obstruct, reason }) => {
  const clone = cloneWithoutPi();
  obstruct(clone.folder);

  const { code, output } = await clone.start().ended;

  expect(code).toBe(0);
  expect(whatIsTold(output).at(-1)).toMatch(tellsWithout(reason));
});

test("a lock that cannot be taken ends what has no packages yet", async () => {
  const clone = freshClone();
  writeFileSync(join(clone.folder, ".interactor"), "");

  const { code, output } = await clone.start().ended;

  expect(code).toBe(1);
  expect(output).toMatch(/^setting up: cannot write in .*: E(EXIST|NOTDIR).*\n$/);
});

test("of two at once, one installs and the other says that it waits", async () => {
  const clone = freshClone();

  const ends = await Promise.all([clone.start().ended, clone.start().ended]);

  expect(ends.map(({ code }) => code)).toEqual([0, 0]);
  expect(clone.installs()).toHaveLength(1);
  expect(ends.map(({ output }) => output).join("")).toContain(
    "another terminal is installing packages, waiting",
  );
});

test("the lock of the dead is taken away", async () => {
  const clone = freshClone();
  mkdirSync(join(clone.folder, ".interactor"));
  writeFileSync(join(clone.folder, ".interactor/setup.lock"), "999999998 999999999");

  expect((await clone.start().ended).code).toBe(0);
});

test("a failed install shows the end of what npm said, and what to do", async () => {
  const { code, output } = await freshClone().start("fails").ended;

  expect(code).toBe(1);
  expect(output).toContain("  line 71\n");
  expect(output).not.toContain("line 70\n");
  expect(output).toMatch(/npm ci ended with code 7\..* npm ci\n$/);
});

test("SIGTERM ends the install and us, within two seconds", async () => {
  const clone = freshClone();
  const started = clone.start("hangs");
  await vi.waitUntil(() => clone.installs().length === 1, { timeout: 5000 });

  started.process.kill("SIGTERM");
  const before = performance.now();
  const { signal } = await started.ended;

  expect(signal).toBe("SIGTERM");
  expect(performance.now() - before).toBeLessThan(2000 * 5);
  expect(clone.installs().filter(isAlive)).toEqual([]);
});

test("a shell that dies of a signal takes the install with it", async () => {
  const clone = freshClone();
  const started = clone.start("hangs", "$BOOTSTRAP && true");
  await vi.waitUntil(() => clone.installs().length === 1, { timeout: 5000 });

  started.process.kill("SIGTERM");

  await vi.waitUntil(() => !clone.installs().some(isAlive), { timeout: 10_000 });
});
