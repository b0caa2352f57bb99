/** `interactor config apply` and `config rollback`: a new revision, and how it comes to its nodes. */
import { createInterface } from "node:readline/promises";
import type { RolloutOptions, SiteFilesBody } from "@interactor/shared/wire/api-config";
import { applySite, fetchPlan, rollBack } from "./config-client.ts";
import { commandFault, exitCode } from "./exit.ts";
import { findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import { painterFor, printable } from "./output.ts";
import { heldIn, planLines } from "./plan-lines.ts";
import { followRollout } from "./rollout-progress.ts";
import { filesOf, refused } from "./site-payload.ts";
import { whoAsks } from "./who-asks.ts";

export interface RolloutArguments extends HubOptions {
  readonly message?: string;
  readonly waves?: NonNullable<RolloutOptions["waves"]>;
  readonly threshold?: NonNullable<RolloutOptions["threshold"]>;
  /** ms */
  readonly probation?: number;
  readonly group?: string;
  readonly override?: string;
  /** False: as soon as the revision is made. */
  readonly wait: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

export interface ApplyOptions extends RolloutArguments {
  readonly message: string;
  /** Not at all rather than later. */
  readonly now?: boolean;
  readonly yes?: boolean;
}

export async function runApply(file: string, options: ApplyOptions, signal: AbortSignal): Promise<void> {
  const hub = await findHub(options, process.env);
  await applyFiles(hub, { file, files: filesOf(file) }, options, signal);
}

export interface AppliedFiles {
  /** The first of them, as people know it. */
  readonly file: string;
  readonly files: SiteFilesBody;
  /** The revision that they were made from; left out: the newest, which whoever applies them is shown the way from. */
  readonly base?: number;
  /** The hub has made a revision of them, which its nodes do not run yet. */
  readonly onMade?: () => void;
}

/** Shows what would change, asks, applies, and waits for the nodes. */
export async function applyFiles(
  hub: HubAddress,
  { file, files, base, onMade }: AppliedFiles,
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<void> {
  const judged = await fetchPlan(hub, files);
  if (judged.kind === "wrong") return refused(file, judged.failure, options);
  const plan = judged.answer;
  const held = heldIn(plan);
  if (options.json !== true) {
    const painter = painterFor(process.stdout, options.color, process.env);
    process.stdout.write(`${planLines(plan, painter).join("\n")}\n`);
  }
  const why = held[0]?.held ?? plan.hub?.held;
  if (options.now === true && options.override === undefined && why !== undefined) {
    const words = `not now: ${printable(why)}; --override <reason> applies it all the same`;
    throw commandFault("NOT_ALLOWED", words);
  }
  if (!plan.unchanged && !(await isWanted(options, signal)))
    throw commandFault("FAILED", "nothing was applied");
  const { message } = options;
  const request = { ...files, message, author: author(), base: base ?? plan.base, ...rolloutIn(options) };
  const applied = await applySite(hub, request);
  if (applied.kind === "wrong") return refused(file, applied.failure, options);
  const { revision, unchanged } = applied.answer;
  if (unchanged) return told(options, { revision, unchanged }, `revision ${revision.number} says the same`);
  onMade?.();
  const names = new Set(held.map(({ node }) => node));
  return made(hub, { revision, held: names }, options, signal);
}

export async function runRollback(
  number: number,
  options: RolloutArguments,
  signal: AbortSignal,
): Promise<void> {
  const hub = await findHub(options, process.env);
  const message = options.message ?? `back to revision ${number}`;
  const { revision, unchanged } = await rollBack(hub, number, {
    message,
    author: author(),
    ...rolloutIn(options),
  });
  if (unchanged)
    return told(options, { revision, unchanged }, `revision ${revision.number} says the same already`);
  return made(hub, { revision, held: undefined }, options, signal);
}

/** Who makes a revision: the person, and not the one command. */
const author = (): string => whoAsks().replace(/^cli:/, "").replace(/#.*$/, "");

/** Only of a person at a terminal is it asked: whoever runs it in a script has decided. */
async function isWanted({ yes, json }: ApplyOptions, signal: AbortSignal): Promise<boolean> {
  if (yes === true || json === true || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question("Apply this? [y/N] ", { signal })).trim());
  } finally {
    terminal.close();
  }
}

function rolloutIn({ waves, threshold, probation, group, override }: RolloutArguments) {
  const rollout = {
    ...(waves === undefined ? {} : { waves }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(probation === undefined ? {} : { probation_ms: probation }),
    ...(group === undefined ? {} : { group }),
  };
  return {
    ...(Object.keys(rollout).length === 0 ? {} : { rollout }),
    ...(override === undefined ? {} : { override: { reason: override } }),
  };
}

interface Made {
  readonly revision: { readonly number: number; readonly message: string };
  /** Nodes that a mode holds back; `undefined`: not known, so every node that says that it is held. */
  readonly held: ReadonlySet<string> | undefined;
}

async function made(
  hub: HubAddress,
  { revision, held }: Made,
  options: RolloutArguments,
  signal: AbortSignal,
): Promise<void> {
  const words = `revision ${revision.number}: ${printable(revision.message)}`;
  if (!options.wait) return told(options, { revision, unchanged: false }, words);
  if (options.json !== true) process.stdout.write(`${words}\n`);
  const { end, view } = await followRollout(hub, { revision: revision.number, held }, options, signal);
  told(options, { revision, unchanged: false, rollout: view }, end.words);
  if (end.kind === "not-everywhere") process.exitCode = exitCode.notEverywhere;
}

function told(options: RolloutArguments, document: unknown, words: string): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(document) : printable(words)}\n`);
}
