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
// so that whatever stands in its way is told and ends nothing. It is tried once for a lock file, and by `npm run build`.

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
import { runNpmCi } from "./run-npm.mjs";

const nodeMajorMin = 20; // The oldest Node that npm 11 and this file run on.
const tickMillis = 1000; // One step of the progress line.
const waitMillis = 200; // Between two looks at a lock that somebody else holds.
const fetchMillis = Number(process.env.npm_config_fetch_timeout) || 15_000; // For other machines. npm itself waits 300 s.
const machineMillisMax = Math.min(4 * fetchMillis, 60_000); // For one machine, however slowly it comes.

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
  const isReady = isInstalled();
  if (isReady && !areMachinesWanted()) return;
  try {
    await takeSetupLock();
  } catch (error) {
    const why = `cannot write in ${root}: ${error.message}`;
    return isReady ? tellWithout(why) : end(1, `setting up: ${why}`);
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
  stampInstall();
  return true;
}

function stampInstall() {
  try {
    writeFileSync(stampFile, wantedStamp());
  } catch {
    // It only saves the comparison with npm's record, and a clone may be read-only.
  }
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
  const wanted = packagesIn(readFileSync(lockFile, "utf8"));
  if (present === undefined || wanted === undefined) return false;
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

/** npm that was killed may have left half of its record, and a merge its marks in the lock file, of which npm tells. */
function packagesIn(record) {
  try {
    return JSON.parse(record).packages;
  } catch {
    return undefined;
  }
}

function readIfPresent(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    // ENOTDIR: something else has the name of its folder.
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  }
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
    if (error.code === "ENOENT" || (error.code === "EEXIST" && error.syscall === "link")) return false;
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
  try {
    writeFileSync(draft, `${process.pid} ${pid}`);
    renameSync(draft, setupLock);
  } catch {
    // A full disk: npm says so itself, and must not be left alone by us.
    rmSync(draft, { force: true });
  }
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
  const progress = startProgress("installing packages (first run, 1-2 minutes)", startedAt);
  const outcome = await runNpmCi({ cwd: root, onStarted: nameNpmInLock });
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
  stampInstall();
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
  try {
    // Before it is tried: who does not wait for it is not made to wait at the next start.
    writeFileSync(machinesStampFile, wantedStamp());
  } catch (error) {
    return tellWithout(`cannot write in ${modulesFolder}: ${error.message}`);
  }
  let signal;
  const run = async (folder, machine, args) => {
    if (signal !== undefined) return "was interrupted";
    const progress = startProgress(`fetching koffi for ${machine}, for agents on such machines`, Date.now());
    const more = ["--ignore-scripts", `--fetch-timeout=${fetchMillis}`, "--fetch-retries=0", ...args];
    const outcome = await runNpmCi({
      cwd: folder,
      more,
      millisMax: machineMillisMax,
      onStarted: nameNpmInLock,
    });
    progress.stop();
    if (outcome.kind === "interrupted") signal = outcome.signal;
    return outcome.kind === "done" ? undefined : `npm ci ${outcome.reason ?? "was interrupted"}`;
  };
  const reasons = await bringMachines(root, machinesFolder, run);
  if (signal !== undefined) return endBy(signal);
  for (const reason of reasons) tellWithout(reason);
}

/** No reason to end: everything here works. */
function tellWithout(reason) {
  process.stderr.write(
    `setting up: not for other machines than this one (${reason}); \`npm run build\` tries again\n`,
  );
}

/** A counting line on a terminal; in a log one line, because nobody watches it grow. */
function startProgress(what, startedAt) {
  const text = `setting up: ${what} …`;
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
