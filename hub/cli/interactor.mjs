#!/bin/sh
//usr/bin/env true; pinned="$(dirname "$(readlink -f "$0")")/../../node_modules/.bin/node"
//usr/bin/env true; [ -x "$pinned" ] && exec "$pinned" "$0" "$@" || exec node "$0" "$@"

// The `interactor` command in a clone: makes sure the bundles are as new as the sources, then becomes the command.
//
// The lines above are comments to JavaScript and commands to the shell, which starts us on the Node this
// repository pins by `exec`: no process stands between the terminal and the command, so no signal has to be
// passed on. Whoever runs this file with another Node gets the respawn below, which does pass them on.

import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const nodeMajorMin = 26; // The sources are TypeScript that Node runs as it is.

const launcher = fileURLToPath(import.meta.url);
const root = dirname(dirname(dirname(launcher)));
const pinnedNode = join(root, "node_modules", ".bin", "node");

if (!existsSync(pinnedNode)) {
  process.stderr.write(`interactor: packages are missing; run \`npm ci\` or \`npm start\` in ${root}\n`);
  process.exitCode = 1;
} else if (Number(process.versions.node.split(".")[0]) < nodeMajorMin) {
  respawn();
} else {
  await runCommand();
}

async function runCommand() {
  try {
    const { ensureBuilt } = await import("../../deploy/ensure-built.ts");
    await ensureBuilt(() => process.stderr.write("building …\n"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`interactor: the build failed: ${reason}\n`);
    process.exitCode = 1;
    return;
  }
  await import(pathToFileURL(join(root, "dist", "cli", "interactor.mjs")).href);
}

function respawn() {
  const child = spawn(realpathSync(pinnedNode), [launcher, ...process.argv.slice(2)], { stdio: "inherit" });
  // On a terminal Ctrl-C reaches the child by itself: a second one from us would look like an impatient user.
  process.on("SIGINT", () => void (process.stdin.isTTY || child.kill("SIGINT")));
  process.on("SIGTERM", () => void child.kill("SIGTERM"));
  process.on("SIGHUP", () => void child.kill("SIGHUP"));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
