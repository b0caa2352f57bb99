/** avrdude, the program that talks to bootloaders. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type BoardKind, type Clock, messageOf, seconds } from "@interactor/shared/sdk/define-module";

const arduino = ["-p", "m328p", "-c", "arduino"] as const;
/** What each bootloader speaks, and how fast. The Mega's cannot erase by itself. */
const programmers: Record<BoardKind, readonly string[]> = {
  uno: [...arduino, "-b", "115200"],
  nano: [...arduino, "-b", "115200"],
  "nano-old": [...arduino, "-b", "57600"],
  mega2560: ["-p", "m2560", "-c", "wiring", "-b", "115200", "-D"],
};

/** Writing and reading back 256 KB takes 45 s. Longer: it is ended and counts as failed. */
const runLongest = seconds(120);
/** Of what it says, the end is kept: there it says what went wrong. */
const wordsMax = 2000;

export interface Bootloader {
  readonly clock: Clock;
  readonly path: string;
  readonly board: BoardKind;
  /** Another name of avrdude. */
  readonly program?: string | undefined;
}

/** It ran, and what is on the line did not do what it wanted. */
export class AvrdudeFailed extends Error {}

const notInstalled = (program: string): string => `${program} is not installed: apt install avrdude`;

/** Where the system looks when it is told nothing. */
const usualFolders = "/usr/local/bin:/usr/bin:/bin";

/** Why nothing can be written into a board on this machine; `undefined`: the program is there. */
export async function lackOfAvrdude(program = "avrdude"): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? usualFolders).split(delimiter);
  const files = program.includes("/") ? [program] : folders.map((folder) => join(folder, program));
  for (const file of files) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return undefined;
  }
  return notInstalled(program);
}

/** Reads what is in flash into a hex file. Throws with the words of avrdude. */
export const readFlash = (bootloader: Bootloader, file: string, signal: AbortSignal): Promise<void> =>
  run(bootloader, `flash:r:${file}:i`, signal);

/** Writes a hex file and reads it back to compare. Throws with the words of avrdude. */
export const writeFlash = (bootloader: Bootloader, file: string, signal: AbortSignal): Promise<void> =>
  run(bootloader, `flash:w:${file}:i`, signal);

async function run(
  { clock, path, board, program = "avrdude" }: Bootloader,
  operation: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(program, ["-qq", ...programmers[board], "-P", path, "-U", operation], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  const cancel = clock.after(runLongest, kill);
  signal.addEventListener("abort", kill);
  let words = "";
  child.stderr.on("data", (chunk: Buffer) => {
    words = `${words}${chunk.toString("latin1")}`.slice(-wordsMax);
  });
  try {
    await once(child, "close");
  } catch (error) {
    const isThere = !(error instanceof Error && "code" in error && error.code === "ENOENT");
    throw new Error(isThere ? `${program} cannot be started: ${messageOf(error)}` : notInstalled(program), {
      cause: error,
    });
  } finally {
    cancel();
    signal.removeEventListener("abort", kill);
  }
  signal.throwIfAborted();
  if (child.exitCode === 0) return;
  throw new AvrdudeFailed(
    `avrdude: ${words.trim().split("\n").at(-1) ?? ""} (${child.exitCode ?? child.signalCode})`,
  );
}
