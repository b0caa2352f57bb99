/** Firmware that a module brings itself: written as that of the agent's own is, and known by the banner that it says. */
import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BoardFirmware, type Clock, messageOf } from "@interactor/shared/sdk/define-module";
import { askBoard, type BoardQuestion, type Runs } from "./ask-board.ts";
import { chipOf } from "./boards.ts";
import { ensureFolder, flashBoard, type FlashOutcome } from "./flash-board.ts";
import { hexOf } from "./hex-file.ts";

/** What passes the pipe of a sandbox in one piece, with room for the rest. More: refuse. */
const programBytesMax = 48 * 1024;
/** Shorter may be chance, longer is no name. Otherwise: refuse. */
const bannerBytes = { least: 4, most: 64 } as const;
/** What is said to a board is one message. More: refuse. */
const questionBytesMax = 64;

export interface ForeignJob {
  readonly path: string;
  readonly firmware: BoardFirmware;
  readonly clock: Clock;
  /** Where what was in the board is kept, and links to lines that are named by their adapters. */
  readonly folder: string;
  readonly links: string;
}

/** Boards that are being written to, by their kept files: one is written to by one at a time. */
const busy = new Set<string>();

/** Rejects only when `signal` aborts. */
export async function flashForeign(job: ForeignJob, signal: AbortSignal): Promise<FlashOutcome> {
  const { path, firmware, folder, links } = job;
  const name = path.startsWith(`${links}/`) ? path.slice(links.length + 1) : "";
  const wrong = /^[\w.:-]{1,200}$/u.test(name)
    ? problemOf(firmware)
    : `only a board that is named by its USB adapter (${links}/…) is flashed: another path may be another board tomorrow`;
  if (wrong !== undefined) return { kind: "untouched", reason: wrong };
  const board = join(folder, name);
  if (busy.has(board))
    return { kind: "untouched", reason: "it is being flashed already: try again when that has ended" };
  busy.add(board);
  try {
    return await flashNamed(job, name, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "untouched", reason: messageOf(error) };
  } finally {
    busy.delete(board);
  }
}

async function flashNamed(job: ForeignJob, name: string, signal: AbortSignal): Promise<FlashOutcome> {
  const { path, firmware, clock, folder } = job;
  const question = questionOf(firmware);
  const hex = hexOf(firmware.program, chipOf(firmware.board));
  const sha256 = createHash("sha256").update(hex).digest("hex");
  // avrdude reads it more than once: another agent's, of another firmware, must not take its place.
  const file = join(folder, `${name}.${sha256.slice(0, 16)}.new.hex`);
  await ensureFolder(folder);
  try {
    await writeFile(file, hex, { flush: true });
    return await flashBoard(
      {
        bootloader: { clock, path, board: firmware.board },
        image: { release: "", file, sha256 },
        folder,
        name,
        async greets(release, greeting) {
          // What was there before has a banner that nobody knows; avrdude has read it back.
          if (release !== undefined) await askBoard({ path, clock }, question, greeting);
        },
      },
      signal,
    );
  } finally {
    await rm(file, { force: true });
  }
}

function problemOf({ program, banner, question }: BoardFirmware): string | undefined {
  if (program.length > programBytesMax)
    return `the firmware has ${program.length} bytes, and ${programBytesMax} can be written`;
  if (banner.length < bannerBytes.least || banner.length > bannerBytes.most)
    return `its banner has ${banner.length} bytes, and must have ${bannerBytes.least} to ${bannerBytes.most}`;
  if (question !== undefined && question.length > questionBytesMax)
    return `its question has ${question.length} bytes, and may have ${questionBytesMax}`;
  return undefined;
}

function questionOf({ baudRate, question = new Uint8Array(), banner }: BoardFirmware): BoardQuestion {
  return {
    baudRate,
    bytes: question,
    listen() {
      let end = Buffer.alloc(0);
      return (bytes): Runs | undefined => {
        const said = Buffer.concat([end, bytes]);
        end = said.subarray(Math.max(said.length - banner.length + 1, 0));
        return said.includes(banner) ? { firmware: "", release: "" } : undefined;
      };
    },
  };
}
