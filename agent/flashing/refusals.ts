/**
 * What a board would not take, kept beside what was in it: an agent that has started anew must not darken a line again
 * for firmware that came to nothing there before.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BoardKind } from "@interactor/shared/sdk/define-module";
import { ensureFolder } from "./flash-board.ts";

/** Of the words that say why; the rest is not kept. */
const reasonMax = 500;

/** Which firmware, as which kind of board: corrected settings are tried anew. */
export interface Attempt {
  readonly folder: string;
  readonly serialNumber: string;
  readonly board: BoardKind;
  readonly sha256: string;
}

/** Deleted, its board is tried again. */
export const refusalFile = ({ folder, serialNumber }: Pick<Attempt, "folder" | "serialNumber">): string =>
  join(folder, `${serialNumber}.refused`);

const headOf = ({ board, sha256 }: Attempt): string => `${board} ${sha256}\n`;

export async function keepRefusal(attempt: Attempt, reason: string): Promise<void> {
  await ensureFolder(attempt.folder);
  await writeFile(refusalFile(attempt), headOf(attempt) + reason.slice(0, reasonMax), { flush: true });
}

/** Why it came to nothing before; `undefined`: it was not tried, or went well, or what is kept cannot be read. */
export async function refusalOf(attempt: Attempt): Promise<string | undefined> {
  const text = await readFile(refusalFile(attempt), "utf8").catch(() => "");
  const head = headOf(attempt);
  return text.startsWith(head) ? text.slice(head.length) : undefined;
}

export const forgetRefusal = (attempt: Attempt): Promise<void> => rm(refusalFile(attempt), { force: true });
