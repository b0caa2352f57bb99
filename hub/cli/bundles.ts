/** The programs the command starts. It knows them by their files only: they lie beside its own when built. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const bundles = {
  hub: join(import.meta.dirname, "..", "hub", "hub.mjs"),
  agent: join(import.meta.dirname, "..", "agent", "agent.mjs"),
} as const;

/**
 * Of an agent on which somebody tries his own modules: walls of a sandbox that a laptop may not have, because its agent is
 * nobody's root, or bubblewrap is not installed. What is missing stands in the node's problems.
 */
export const forOwnModules = ["user", "namespaces", "system-calls"].flatMap((measure) => [
  "--sandbox-without",
  measure,
]);

export type ProgramName = keyof typeof bundles;

/** Becomes the program: it reads its own options and gets the signals itself. */
export async function runInForeground(name: ProgramName, args: readonly string[]): Promise<void> {
  const file = bundles[name];
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
}
