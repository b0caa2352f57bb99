/** A node of the site on which a module runs while it is written: what is saved is published for development, and comes to it as a revision. */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { LogLineView } from "@interactor/shared/wire/api-log";
import { findHub, type HubOptions } from "./hub-client.ts";
import { followLog, logLine } from "./log-follow.ts";
import type { BuiltModule } from "./module-build.ts";
import { runModuleRun } from "./module-run.ts";
import { painterFor, printable } from "./output.ts";
import { trustClient } from "./trust-client.ts";

/** Who tries something out is there to see it, in ms. */
const probationOfSaved = 1000;

/** A module as it was saved. */
export interface Saved extends Pick<BuiltModule, "text" | "sha256"> {
  readonly module: Pick<BuiltModule["module"], "manifest">;
}

/** Resolves to whether it runs there; else that was told. Throws a Fault when the hub refuses it, or is away. */
type Bring = (saved: Saved, signal: AbortSignal) => Promise<boolean>;

export class DevNode {
  readonly #bring: Bring;
  /** Of what runs there: what did not come there is brought again when it is saved again, changed or not. */
  #sha256 = "";

  constructor(bring: Bring) {
    this.#bring = bring;
  }

  /** What the hub or the node refuses is told, and what runs there goes on. */
  async run(saved: Saved | undefined, signal: AbortSignal): Promise<void> {
    if (saved === undefined || saved.sha256 === this.#sha256) return;
    try {
      if (await this.#bring(saved, signal)) this.#sha256 = saved.sha256;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      process.stderr.write(`${messageOf(error)}\n`);
    }
    if (saved.sha256 !== this.#sha256) process.stderr.write("it is brought again when it is saved again\n");
  }
}

export function bringOnto(options: HubOptions & { readonly node: string }): Bring {
  return async ({ module: { manifest }, text, sha256 }, signal) => {
    const client = await trustClient(options);
    await client.publishDevelopment(manifest, Buffer.from(text));
    const message = `${manifest.id} as it is written, ${sha256.slice(0, 12)}`;
    const rollout = { message, probation: probationOfSaved, wait: true, yes: true, color: true };
    await runModuleRun(manifest.id, { ...options, ...rollout }, signal);
    const isThere = process.exitCode === undefined;
    // The next try may be better.
    process.exitCode = undefined;
    return isThere;
  };
}

/** Shows what it logs there, until `signal` aborts. Without it the rest goes on. */
export async function showLog(
  options: HubOptions & { readonly node: string },
  instance: string,
  signal: AbortSignal,
): Promise<void> {
  const painter = painterFor(process.stdout, true, process.env);
  const told = (words: string): void => void process.stderr.write(`its log: ${printable(words)}\n`);
  const line = (each: LogLineView): void => void process.stdout.write(`${logLine(each, painter)}\n`);
  const { node } = options;
  try {
    const hub = await findHub(options, process.env);
    await followLog(hub, { node, instance }, { line, told }, signal);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    told(`${messageOf(error)}; it is on ${node}: journalctl -u interactor-agent`);
  }
}
