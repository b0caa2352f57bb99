// Runs before everything else in every npm script, on whatever Node the machine has and without any package:
// checks that Node, and installs the packages when they are missing or are not those of package-lock.json.
//
// How it knows: after an install it stamps node_modules with the lock file's hash. Times would not do, git gives
// files the time of the checkout. `npm ci` clears node_modules first and so takes the stamp with it: an install
// that was interrupted leaves none.
//
// Two terminals may start at once. Whoever links the lock first installs, the other waits. The lock names the
// process that holds it and the npm it started; it is stale only when both are gone.
//
// Then it brings what agents for other machines than this one need (other-machines.mjs). Without that everything here works,
// so that who has no network for it is told, and asked again by `npm run build` alone.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { bringMachines, missingMachines } from "./other-machines.mjs";

const nodeMajorMin = 20; // The oldest Node that npm 11 and this file run on.
const outputLinesMax = 30; // Of npm's output, shown when it fails; its reason stands at the end.
const tickMillis = 1000; // One step of the progress line.
const parentCheckMillis = 250; // Between two looks whether our parent is still there.
const waitMillis = 200; // Between two looks at a lock that somebody else holds.
const killAfterMillis = 1000; // npm finishes what it does before it heeds SIGTERM; half an install is worth nothing.

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = join(root, "package-lock.json");
const modulesFolder = join(root, "node_modules");
const stampFile = join(modulesFolder, ".interactor-lock");
const machinesStampFile = join(modulesFolder, ".interactor-machines");
const platformMark = ` ${process.platform}-${process.arch}\n`;
const pinnedNode = join(modulesFolder, ".bin", "node");
// Beside the data of a demo, because that folder is ignored by git; not in node_modules, which npm clears.
const setupFolder = join(root, ".interactor");
const setupLock = join(setupFolder, "setup.lock");
const machinesFolder = join(setupFolder, "other-machines");

await main();

async function main() {
  if (Number(process.versions.node.split(".")[0]) < nodeMajorMin) {
    return end(
      2,
      `Interactor needs Node ${nodeMajorMin} or newer; this is ${process.version}. See https://nodejs.org`,
    );
  }
  if (isInstalled() && !areMachinesWanted()) return;
  try {
    await takeSetupLock();
  } catch (error) {
    return end(1, `setting up: cannot write in ${root}: ${error.message}`);
  }
  try {
    // Whoever held the lock before us may have done it.
    if (isInstalled() || (await install())) await installMachines();
  } finally {
    releaseSetupLock();
  }
}

/** Prints why and sets the exit code; what is open is closed on the way out. */
function end(code, line) {
  process.stderr.write(`${line}\n`);
  process.exitCode = code;
}

// --- Is there anything to do? ---------------------------------------------------------------------------------

function isInstalled() {
  if (!existsSync(pinnedNode)) return false;
  const stamp = readIfPresent(stampFile);
  if (stamp === wantedStamp()) return true;
  // Native files belong to one platform: a folder carried to another machine is installed anew.
  if (stamp !== undefined && !stamp.endsWith(platformMark)) return false;
  if (!isRecordEqual()) return false;
  writeFileSync(stampFile, wantedStamp());
  return true;
}

/** Once for a lock file, and whenever what needs them is built. */
function areMachinesWanted() {
  if (missingMachines(root).length === 0) return false;
  return process.env.npm_lifecycle_event === "build" || readIfPresent(machinesStampFile) !== wantedStamp();
}

function wantedStamp() {
  return createHash("sha256").update(readFileSync(lockFile)).digest("hex") + platformMark;
}

/** After a plain `npm install`, npm's own record of what lies in node_modules agrees with the lock file. */
function isRecordEqual() {
  const record = readIfPresent(join(modulesFolder, ".package-lock.json"));
  if (record === undefined) return false;
  const present = packagesIn(record);
  if (present === undefined) return false;
  const wanted = JSON.parse(readFileSync(lockFile, "utf8")).packages;
  const isSame = (path) =>
    present[path].version === wanted[path]?.version && present[path].integrity === wanted[path]?.integrity;
  const isNeeded = (path) => path.startsWith("node_modules/") && wanted[path].optional !== true;
  return (
    Object.keys(present).every(isSame) &&
    Object.keys(wanted)
      .filter(isNeeded)
      .every((path) => path in present)
  );
}

/** npm that was killed may have left half of its record. */
function packagesIn(record) {
  try {
    return JSON.parse(record).packages;
  } catch {
    return undefined;
  }
}

function readIfPresent(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

// --- One at a time --------------------------------------------------------------------------------------------

async function takeSetupLock() {
  let hasSaidSo = false;
  while (!tryTakeSetupLock()) {
    const holder = readIfPresent(setupLock);
    if (holder !== undefined && !holder.split(" ").some(isAlive)) {
      removeStaleLock(holder);
      continue;
    }
    if (!hasSaidSo)
      process.stderr.write(
        `setting up: another terminal is installing packages, waiting … (none is? remove ${setupLock})\n`,
      );
    hasSaidSo = true;
    await sleep(waitMillis);
  }
}

/** A hard link appears at once and with its content, or not at all. */
function tryTakeSetupLock() {
  const draft = `${setupLock}.${process.pid}`;
  try {
    mkdirSync(setupFolder, { recursive: true });
    writeFileSync(draft, String(process.pid));
    linkSync(draft, setupLock);
    return true;
  } catch (error) {
    // ENOENT: whoever had the lock took the folder away between our two steps.
    if (error.code === "EEXIST" || error.code === "ENOENT") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes the lock of the dead away, unless somebody did that and holds it by now: then it is put back. */
function removeStaleLock(holder) {
  const aside = `${setupLock}.stale.${process.pid}`;
  try {
    renameSync(setupLock, aside);
    if (readFileSync(aside, "utf8") !== holder) linkSync(aside, setupLock);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** npm may outlive us when we are killed: while it works, the folder is not free. */
function nameNpmInLock(pid) {
  const draft = `${setupLock}.${process.pid}`;
  writeFileSync(draft, `${process.pid} ${pid}`);
  renameSync(draft, setupLock);
}

function releaseSetupLock() {
  rmSync(setupLock, { force: true });
  try {
    rmdirSync(setupFolder);
  } catch {
    // It holds a demo's data, or another waits for the lock in it.
  }
}

function isAlive(pid) {
  // In a container pids begin anew: a lock with our own was left by an earlier life.
  if (Number(pid) === process.pid) return false;
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function sleep(millis) {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

// --- The install ----------------------------------------------------------------------------------------------

/** Whether there is what everything else needs. */
async function install() {
  const startedAt = Date.now();
  const progress = startProgress(startedAt);
  const outcome = await runNpmCi(root, []);
  progress.stop();

  if (outcome.kind === "interrupted") return endBy(outcome.signal);
  if (outcome.kind === "failed" || !existsSync(pinnedNode)) {
    process.stderr.write(outcome.lines.map((line) => `  ${line}\n`).join(""));
    end(
      1,
      `setting up: npm ci ${outcome.reason}. Is the network there, and the disk not full? Then try again; by hand: npm ci`,
    );
    return false;
  }
  writeFileSync(stampFile, wantedStamp());
  process.stderr.write(`setting up: packages are installed, ${secondsSince(startedAt)} s\n`);
  return true;
}

function endBy(signal) {
  process.removeAllListeners(signal);
  releaseSetupLock();
  process.kill(process.pid, signal);
  return false;
}

async function installMachines() {
  if (!areMachinesWanted()) return;
  let signal;
  const run = async (folder, args) => {
    const outcome = await runNpmCi(folder, ["--ignore-scripts", "--fetch-retries=1", ...args]);
    if (outcome.kind === "interrupted") signal = outcome.signal;
    return outcome.kind === "done" ? undefined : `npm ci ${outcome.reason ?? "was interrupted"}`;
  };
  const reasons = await bringMachines(root, machinesFolder, run);
  if (signal !== undefined) return endBy(signal);
  writeFileSync(machinesStampFile, wantedStamp());
  for (const reason of reasons)
    process.stderr.write(
      `setting up: not for other machines than this one (${reason}); \`npm run build\` tries again\n`,
    );
}

/** A counting line on a terminal; in a log one line, because nobody watches it grow. */
function startProgress(startedAt) {
  const text = "setting up: installing packages (first run, 1-2 minutes) …";
  if (!process.stderr.isTTY) {
    process.stderr.write(`${text}\n`);
    return { stop() {} };
  }
  const draw = () => process.stderr.write(`\r${text} ${secondsSince(startedAt)} s`);
  draw();
  const timer = setInterval(draw, tickMillis);
  return {
    stop() {
      clearInterval(timer);
      process.stderr.write("\r\x1b[K"); // Clears the line: what comes next takes its place.
    },
  };
}

function secondsSince(startedAt) {
  return Math.round((Date.now() - startedAt) / 1000);
}

/** Runs `npm ci` in a process group of its own, so that ending it also ends the install scripts it started. */
function runNpmCi(cwd, more) {
  // Settings of the user's must not leave out the pinned Node, which is a dev dependency with an install script.
  const args = [
    "ci",
    "--include=dev",
    "--include=optional",
    "--ignore-scripts=false",
    "--no-progress",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    ...more,
  ];
  const npm = process.env.npm_execpath;
  const isNpmKnown = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  const [command, ...leading] = isNpmKnown ? [process.execPath, npm] : ["npm"];
  const child = spawn(command, [...leading, ...args], {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) nameNpmInLock(child.pid);
  const lines = keepLastLines(child.stdout, child.stderr);
  const interruption = endWithUs(child);

  return new Promise((resolve) => {
    child.on("error", (error) =>
      resolve({ kind: "failed", reason: `cannot be started (${error.message})`, lines }),
    );
    child.on("close", (code, signal) => {
      const asked = interruption.stop();
      if (asked !== undefined) resolve({ kind: "interrupted", signal: asked });
      else if (code !== 0)
        resolve({ kind: "failed", reason: `ended with ${signal ?? `code ${code}`}`, lines });
      else resolve({ kind: "done", reason: "did not bring the pinned Node", lines });
    });
  });
}

function keepLastLines(...streams) {
  const lines = [];
  for (const stream of streams) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop();
      lines.push(...parts.filter((line) => line !== ""));
      lines.splice(0, lines.length - outputLinesMax);
    });
  }
  return lines;
}

/**
 * Passes on what ends us. A shell between npm and us dies of a signal without passing it on: then we see that our
 * parent has changed.
 */
function endWithUs(child) {
  let asked;
  let killTimer;
  const endChild = (signal) => {
    if (asked !== undefined) return;
    asked = signal;
    killGroup(child.pid, "SIGTERM");
    killTimer = setTimeout(() => killGroup(child.pid, "SIGKILL"), killAfterMillis);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, endChild);
  const parent = process.ppid;
  const parentTimer = setInterval(() => process.ppid !== parent && endChild("SIGTERM"), parentCheckMillis);
  return {
    stop() {
      clearTimeout(killTimer);
      clearInterval(parentTimer);
      return asked;
    },
  };
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended in this moment.
  }
}
