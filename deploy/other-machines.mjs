// Brings native files for machines that this one is not: an agent for a Pi is built on a PC, and npm installs of koffi what
// fits the computer that it runs on. What is wanted stands in package-lock.json, with its hash, which npm checks.

import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Machines that agents run on. */
const processors = ["arm64", "x64"];
const packageFor = (processor) => `@koromix/koffi-linux-${processor}`;

/** Machines for which there is nothing, of those for which the lock file has something. */
export function missingMachines(root) {
  const { packages } = readLock(root);
  return processors.filter((processor) => {
    const path = `node_modules/${packageFor(processor)}`;
    const wanted = packages[path];
    return wanted !== undefined && versionIn(join(root, path)) !== wanted.version;
  });
}

/**
 * Installs what is missing in a folder of its own, and then puts it where npm would have. `runNpm(folder, machine, args)`
 * resolves with why it came to nothing, or with nothing. Returns such reasons, and those of the disk: it never fails.
 */
export async function bringMachines(root, workshop, runNpm) {
  const reasons = [];
  for (const processor of missingMachines(root)) {
    const reason = await bring(processor, { root, workshop, runNpm }).catch((error) => error.message);
    if (reason !== undefined) reasons.push(`${packageFor(processor)}: ${reason}`);
  }
  return reasons;
}

async function bring(processor, { root, workshop, runNpm }) {
  const path = `node_modules/${packageFor(processor)}`;
  const wanted = readLock(root).packages[path];
  try {
    layOut(workshop, path, wanted);
    const reason = await runNpm(workshop, `linux-${processor}`, ["--os=linux", `--cpu=${processor}`]);
    if (reason !== undefined) return reason;
    // npm passes over an optional package that it does not get, or that has another hash, and ends well.
    if (versionIn(join(workshop, path)) !== wanted.version) return "npm did not bring it";
    put(join(workshop, path), join(root, path));
    return undefined;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** A project that wants this package alone. */
function layOut(workshop, path, wanted) {
  // What a bootstrap that was killed has left.
  rmSync(workshop, { recursive: true, force: true });
  mkdirSync(workshop, { recursive: true });
  const project = { name: "other-machines", version: "0.0.0", private: true };
  const optionalDependencies = { [path.slice("node_modules/".length)]: wanted.version };
  const packages = { "": { ...project, optionalDependencies }, [path]: wanted };
  writeFileSync(join(workshop, "package.json"), JSON.stringify({ ...project, optionalDependencies }));
  writeFileSync(
    join(workshop, "package-lock.json"),
    JSON.stringify({ ...project, lockfileVersion: 3, requires: true, packages }),
  );
}

/** node_modules may be another mount, so that it is copied; and renamed in it, so that half a package is never taken for one. */
function put(from, place) {
  const arriving = `${place}.arriving`;
  try {
    rmSync(arriving, { recursive: true, force: true });
    mkdirSync(dirname(place), { recursive: true });
    cpSync(from, arriving, { recursive: true });
    rmSync(place, { recursive: true, force: true });
    renameSync(arriving, place);
  } finally {
    rmSync(arriving, { recursive: true, force: true });
  }
}

const readLock = (root) => JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));

function versionIn(folder) {
  const file = join(folder, "package.json");
  try {
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : undefined;
  } catch {
    // Half a file: not there.
    return undefined;
  }
}
