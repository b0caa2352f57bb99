// npm, for the bootstrap: started so that it ends with us, and bounded where nobody has to wait for it.

import { spawn } from "node:child_process";

const outputLinesMax = 30; // Of npm's output, shown when it fails; its reason stands at the end.
const parentCheckMillis = 250; // Between two looks whether our parent is still there.
const killAfterMillis = 1000; // npm finishes what it does before it heeds SIGTERM; half an install is worth nothing.

/**
 * Runs `npm ci` in a process group of its own, so that ending it also ends the install scripts it started; for no longer than
 * `millisMax`, if that is given. `onStarted` is told its process. Resolves with `kind`: `done`, `failed` or `interrupted`.
 */
export function runNpmCi({ cwd, more = [], millisMax, onStarted }) {
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
  if (child.pid !== undefined) onStarted(child.pid);
  const lines = keepLastLines(child.stdout, child.stderr);
  const interruption = endWithUs(child);
  let isLate = false;
  const lateTimer =
    millisMax && setTimeout(() => ((isLate = true), killGroup(child.pid, "SIGKILL")), millisMax);

  return new Promise((resolve) => {
    child.on("error", (error) =>
      resolve({ kind: "failed", reason: `cannot be started (${error.message})`, lines }),
    );
    child.on("close", (code, signal) => {
      clearTimeout(lateTimer);
      const asked = interruption.stop();
      if (asked !== undefined) resolve({ kind: "interrupted", signal: asked });
      else if (isLate) resolve({ kind: "failed", reason: `took longer than ${millisMax / 1000} s`, lines });
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
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, endChild);
  const parent = process.ppid;
  const parentTimer = setInterval(() => process.ppid !== parent && endChild("SIGTERM"), parentCheckMillis);
  return {
    stop() {
      clearTimeout(killTimer);
      clearInterval(parentTimer);
      // Another npm may come after this one, whose number is anybody's now.
      for (const signal of signals) process.removeListener(signal, endChild);
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
