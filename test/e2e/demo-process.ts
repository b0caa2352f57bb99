// The demo as people start it: `npm start` in the clone, also on a terminal of its own, with a data folder that is
// gone afterwards. Every process below it has that folder in its environment, which is how it is found in /proc.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./programs.ts";

const root = join(import.meta.dirname, "../..");
export const cliBundle = join(root, "dist/cli/interactor.mjs");

/** A demo's start includes npm and a look at every source; the machine may be busy. */
const startTimeout = 40_000;
/** Characters of output that a failure shows. */
const outputMax = 20_000;

export interface DemoSettings {
  readonly data: string;
  /** `npm`: `npm start`. `terminal`: the same on a pty. `bundle`: the built command alone. */
  readonly by?: "npm" | "terminal" | "bundle";
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface DemoProcess extends AsyncDisposable {
  /** Of npm, of the program that holds the terminal, or of the demo itself. */
  readonly child: ChildProcess;
  /** The address behind `ready`; fails when the demo ends before. */
  ready(): Promise<string>;
  /** Everything it printed so far. */
  output(): string;
  /** Presses keys on its terminal. */
  type(keys: string): void;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

export const ctrlC = "\u0003";

export function startDemo({ data, by = "npm", env = {}, args = [] }: DemoSettings): DemoProcess {
  const [command = "", ...words] = commandFor(by, args);
  const child = spawn(command, words, {
    cwd: root,
    env: {
      ...process.env,
      INTERACTOR_DATA: data,
      INTERACTOR_HTTP_PORT: "0",
      INTERACTOR_MQTT_PORT: "0",
      SHELL: "/bin/sh",
      ...env,
    },
    stdio: [by === "terminal" ? "pipe" : "ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-outputMax);
    });
  }
  const { promise: exited, resolve } = Promise.withResolvers<number | NodeJS.Signals>();
  let hasEnded = false;
  child.on("close", (code, signal) => {
    hasEnded = true;
    resolve(code ?? signal ?? -1);
  });
  const readyUrl = () => {
    const url = /^ready (http:\S+)\r?$/m.exec(output)?.[1];
    if (url === undefined && hasEnded) throw new Error(`it ended and said: ${output}`);
    return url;
  };
  return {
    child,
    output: () => output,
    type: (keys) => void child.stdin?.write(keys),
    exited,
    ready: () =>
      eventually("the demo is ready", readyUrl, startTimeout).catch((error: unknown) => {
        throw new Error(`the demo is not ready; it said: ${output}`, { cause: error });
      }),
    async [Symbol.asyncDispose]() {
      killAll(data);
      await exited;
    },
  };
}

function commandFor(by: "npm" | "terminal" | "bundle", args: readonly string[]): readonly string[] {
  const npm = ["npm", "start", "--silent", ...(args.length > 0 ? ["--", ...args] : [])];
  switch (by) {
    case "npm":
      return npm;
    case "terminal":
      // `script` gives it a pty, passes on what we type, and returns its exit code. `exec`: Ctrl-C would reach a
      // shell in between too, and its code would be the shell's.
      return ["script", "--quiet", "--return", "--command", `exec ${npm.join(" ")}`, "/dev/null"];
    case "bundle":
      return [process.execPath, cliBundle, "demo", ...args];
  }
}

export interface DemoFolder extends Disposable {
  readonly path: string;
}

export function demoFolder(): DemoFolder {
  const path = mkdtempSync(join(tmpdir(), "interactor-demo-"));
  return {
    path,
    [Symbol.dispose]() {
      killAll(path);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Processes that know the data folder, by their command line or their environment. */
export function processesOf(data: string): readonly FoundProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const command = readProc(pid, "cmdline");
      const isOfDemo = `${command}\0${readProc(pid, "environ")}\0`.includes(data);
      return isOfDemo ? [{ pid: Number(pid), command: command.replaceAll("\0", " ").trim() }] : [];
    });
}

/** The one process of the demo whose command line holds `word`. */
export function processOf(data: string, word: string): number {
  const found = processesOf(data).filter(({ command }) => command.includes(word));
  if (found.length === 1 && found[0] !== undefined) return found[0].pid;
  throw new Error(`${found.length} processes for ${word}`);
}

/** Waits until nothing of the demo is left, and says how long it took, in ms. */
export async function untilNothingIsLeft(data: string, timeout = 10_000): Promise<number> {
  const startedAt = performance.now();
  await eventually(`nothing is left of ${data}`, () => processesOf(data).length === 0, timeout).catch(
    (error: unknown) => {
      throw new Error(
        `left: ${processesOf(data)
          .map(({ command }) => command)
          .join("; ")}`,
        { cause: error },
      );
    },
  );
  return performance.now() - startedAt;
}

function killAll(data: string): void {
  for (const { pid } of processesOf(data)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended in this moment.
    }
  }
}

/** Empty for a process that has ended meanwhile, or that waits for its parent to notice. */
function readProc(pid: string, file: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
