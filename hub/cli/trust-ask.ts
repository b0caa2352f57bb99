/** Whoever signs sees what changes, and says so. */
import { createInterface } from "node:readline/promises";
import { commandFault } from "./exit.ts";
import { printable } from "./output.ts";

export interface AskOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export interface Signing {
  /** What is about to be signed, in words. */
  readonly what: string;
  readonly changes: readonly string[];
  /** What changed since it was signed here last, without being asked for now. */
  readonly since: readonly string[];
  /** It is done so often that it is asked only when something changed besides. */
  readonly isUsual?: boolean;
}

/**
 * Throws a Fault `FAILED` when it is not wanted. A script says by the command what it wants; where something changed besides,
 * it has to say `--yes`.
 */
export async function askToSign(
  { what, changes, since, isUsual }: Signing,
  { yes, json }: AskOptions,
): Promise<void> {
  const lines = [
    `${what}:`,
    ...(changes.length > 0 ? changes : ["no change, good for longer"]).map(indented),
  ];
  if (since.length > 0)
    lines.push(
      "and since it was signed here last, by somebody else who has the key:",
      ...since.map(indented),
    );
  if (json !== true || since.length > 0) process.stderr.write(`${lines.map(printable).join("\n")}\n`);
  if (yes === true || (isUsual === true && since.length === 0)) return;
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY && json !== true;
  if (!isTerminal && since.length === 0) return;
  if (!isTerminal)
    throw commandFault("FAILED", "nothing was signed: more changed than was asked for; --yes signs that too");
  if (!(await isSaid("Sign this? [y/N] "))) throw commandFault("FAILED", "nothing was signed");
}

const indented = (line: string): string => `  ${line}`;

async function isSaid(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}
