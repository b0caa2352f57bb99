// Brings native files for machines that this one is not: an agent for a Pi is built on a PC, and npm installs of koffi what
// fits the computer that it runs on. What is wanted stands in package-lock.json, with its hash, which npm checks.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
 * Installs what is missing in a folder of its own, and then puts it where npm would have. `runNpm(folder, args)` resolves with
 * why it came to nothing, or with nothing. Returns such reasons.
 */
export async function bringMachines(root, workshop, runNpm) {
  const reasons = [];
  for (const processor of missingMachines(root)) {
    try {
      const reason = await bring(processor, { root, workshop, runNpm });
      if (reason !== undefined) reasons.push(`${packageFor(processor)}: ${reason}`);
    } finally {
      rmSync(workshop, { recursive: true, force: true });
    }
  }
  return reasons;
}

async function bring(processor, { root, workshop, runNpm }) {
  const name = packageFor(processor);
  const path = `node_modules/${name}`;
  const wanted = readLock(root).packages[path];
  // What a bootstrap that was killed has left.
  rmSync(workshop, { recursive: true, force: true });
  mkdirSync(workshop, { recursive: true });
  const project = { name: "other-machines", version: "0.0.0", private: true };
  const optionalDependencies = { [name]: wanted.version };
  const packages = { "": { ...project, optionalDependencies }, [path]: wanted };
  writeFileSync(join(workshop, "package.json"), JSON.stringify({ ...project, optionalDependencies }));
  writeFileSync(
    join(workshop, "package-lock.json"),
    JSON.stringify({ ...project, lockfileVersion: 3, requires: true, packages }),
  );
  const reason = await runNpm(workshop, ["--os=linux", `--cpu=${processor}`]);
  if (reason !== undefined) return reason;
  // npm passes over an optional package that it does not get, or that has another hash, and ends well.
  if (versionIn(join(workshop, path)) !== wanted.version) return "npm did not bring it";
  const place = join(root, path);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(dirname(place), { recursive: true });
  renameSync(join(workshop, path), place);
  return undefined;
}

const readLock = (root) => JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));

function versionIn(folder) {
  const file = join(folder, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : undefined;
}
