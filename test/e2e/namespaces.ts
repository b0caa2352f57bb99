// Network namespaces: a network of one's own, with nothing of it seen outside. They need root. A test run that was
// killed leaves its namespaces behind; the next one sweeps those whose maker is gone.

import { execFile } from "node:child_process";
import { delimiter } from "node:path";
import { promisify } from "node:util";
import { test } from "vitest";
import { type Command, requires } from "./requires.ts";

export interface Namespace extends AsyncDisposable {
  readonly name: string;
  /** What stands in front of a command that shall run inside. The process that starts is the command itself. */
  readonly prefix: readonly string[];
  /** Runs a command inside to its end, and gives what it said. */
  run(...command: readonly string[]): Promise<string>;
}

/** `test` where the commands and root are at hand. Elsewhere it skips loudly, or fails where CI=true. */
export function requiresNamespaces(...commands: readonly Command[]): ReturnType<typeof requires> {
  const withCommands = requires("ip", ...commands);
  if (process.getuid?.() === 0) return withCommands;
  const reason = "network namespaces need root";
  process.stderr.write(`SKIPPED tests: ${reason}\n`);
  (process.env["CI"] === "true" ? test : test.skip)("needs root", () => {
    throw new Error(reason);
  });
  return test.skipIf(true);
}

let opened = 0;

/** Opens a namespace with its loopback up. `label` says in `ip netns list` what it is for. */
export async function openNamespace(label: string): Promise<Namespace> {
  opened += 1;
  const name = `${namePrefix}${process.pid}-${opened}-${label}`;
  const prefix = ["ip", "netns", "exec", name];
  await run(["ip", "netns", "add", name]);
  const namespace: Namespace = {
    name,
    prefix,
    run: (...command) => run([...prefix, ...command]),
    [Symbol.asyncDispose]: async () => void (await run(["ip", "netns", "del", name])),
  };
  await namespace.run("ip", "link", "set", "lo", "up");
  return namespace;
}

/** Takes away what test runs that were killed have left. */
export async function sweepNamespaces(): Promise<void> {
  for (const line of (await run(["ip", "netns", "list"])).split("\n")) {
    const [name = ""] = line.split(" ");
    const maker = Number(/^(\d+)-/.exec(name.slice(namePrefix.length))?.[1]);
    if (!name.startsWith(namePrefix) || isAlive(maker)) continue;
    await run(["ip", "netns", "del", name]);
  }
}

/** Those of this process that are still there. */
export async function openNamespaces(): Promise<readonly string[]> {
  const lines = (await run(["ip", "netns", "list"])).split("\n");
  return lines.filter((line) => line.startsWith(`${namePrefix}${process.pid}-`));
}

const namePrefix = "interactor-e2e-";

/** The system folders are not in every PATH. */
export const environment = {
  ...process.env,
  PATH: [process.env["PATH"], "/usr/sbin", "/sbin"].join(delimiter),
};

/** Runs a command to its end, and gives what it said. */
export async function run(command: readonly string[]): Promise<string> {
  const [program = "", ...rest] = command;
  const { stdout } = await promisify(execFile)(program, rest, { env: environment });
  return stdout;
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
