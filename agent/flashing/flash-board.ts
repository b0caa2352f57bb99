/**
 * Writes firmware into a board, so that it either runs the new one or the one before.
 *
 * The line is held for the whole time. What is in the board is read first and kept on disk until the new firmware has
 * said its name; if it does not, what was read goes back. The bootloader is never written, so whatever is interrupted
 * (this program, the cable, the power) can be begun again: then what was kept is not read anew, because what is in the
 * board by now may be half of something.
 */
import { lstat, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@interactor/shared/sdk/define-module";
import { holdLine } from "../serial-line/tty.ts";
import { AvrdudeFailed, type Bootloader, readFlash, writeFlash } from "./avrdude.ts";
import { chipOf } from "./boards.ts";
import { programIn } from "./hex-file.ts";
import { checkImage, type Image } from "./images.ts";

export interface FlashJob {
  readonly bootloader: Bootloader;
  readonly image: Image;
  /** Where what was in the board is kept; survives a restart. After success it is `<name>.before.hex`, the last one. */
  readonly folder: string;
  /** The serial number of the board, so that what is kept of one does not get into another. */
  readonly name: string;
  /** Resolves when the firmware in the board has answered; rejects when it does not. The line is free then. */
  greets(release: string | undefined, signal: AbortSignal): Promise<void>;
}

export type FlashOutcome =
  | { readonly kind: "flashed" }
  /** Nothing was written. `byBoard`: because the board's bootloader does not answer as that kind's does. */
  | { readonly kind: "untouched"; readonly reason: string; readonly byBoard?: true }
  /** It runs what it ran before. */
  | { readonly kind: "rolled-back"; readonly reason: string }
  /** It runs nothing that answers. Flashing it again may help: its bootloader is as it was. */
  | { readonly kind: "broken"; readonly reason: string };

/** Rejects only when `signal` aborts; then the job can be done again from the start. */
export async function flashBoard(job: FlashJob, signal: AbortSignal): Promise<FlashOutcome> {
  const kept = join(job.folder, `${job.name}.hex`);
  try {
    await checkImage(job.image);
    await ensureFolder(job.folder);
    await heldLine(job, () => keepWhatIsThere(job.bootloader, kept, signal));
  } catch (error) {
    signal.throwIfAborted();
    const reason = messageOf(error);
    return { kind: "untouched", reason, ...(error instanceof AvrdudeFailed && { byBoard: true }) };
  }
  try {
    await heldLine(job, () => writeFlash(job.bootloader, job.image.file, signal));
    await job.greets(job.image.release, signal);
    // Somebody may want back what was there.
    await rename(kept, join(job.folder, `${job.name}.before.hex`));
    return { kind: "flashed" };
  } catch (error) {
    signal.throwIfAborted();
    return goBack(job, kept, messageOf(error), signal);
  }
}

async function goBack(job: FlashJob, kept: string, why: string, signal: AbortSignal): Promise<FlashOutcome> {
  try {
    await heldLine(job, () => writeFlash(job.bootloader, kept, signal));
    await job.greets(undefined, signal);
    await rm(kept);
    return { kind: "rolled-back", reason: why };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "broken", reason: `${why}; then ${messageOf(error)}` };
  }
}

/** Whether flashing this board was begun and not brought to an end. */
export async function isInterrupted(folder: string, name: string): Promise<boolean> {
  return (await stat(join(folder, `${name}.hex`)).catch(() => undefined)) !== undefined;
}

async function keepWhatIsThere(bootloader: Bootloader, kept: string, signal: AbortSignal): Promise<void> {
  if ((await stat(kept).catch(() => undefined)) !== undefined) return;
  const fresh = `${kept}.reading`;
  await readFlash(bootloader, fresh, signal);
  await writeFile(`${fresh}.part`, programIn(await readFile(fresh, "latin1"), chipOf(bootloader.board)), {
    flush: true,
  });
  await rm(fresh);
  // In one step: whoever finds it later can rely on it.
  await rename(`${fresh}.part`, kept);
}

/** The folder holds what goes into a board: nobody else may write there. */
export async function ensureFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error(`others may write into ${folder}`);
}

async function heldLine(job: FlashJob, work: () => Promise<void>): Promise<void> {
  const line = { baudRate: 250_000, dataBits: 8, stopBits: 1, parity: "none" } as const;
  await using _held = await holdLine({ path: job.bootloader.path, ...line });
  await work();
}
