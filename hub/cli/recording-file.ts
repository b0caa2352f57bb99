/** A recording, read from a file of this machine. */
import { readFileSync, statSync } from "node:fs";
import { messageOf } from "@interactor/shared/kernel/fault";
import {
  readRecording,
  type Recording,
  recordingBytesMax,
  recordingReadingsMax,
} from "@interactor/shared/wire/recording";
import { commandFault } from "./exit.ts";

const faultWords = {
  "no-recording": "is no recording; interactor journal export makes one",
  "unknown-version": "was made by another version, which this one cannot read",
  damaged: "is damaged: a part of it is not as it was written",
  "too-large": `has more than ${recordingReadingsMax} values; take a shorter span`,
} as const;

/** A cut-off end is said on stderr, and no fault. */
export function recordingIn(file: string): Recording {
  const read = readRecording(bytesOf(file));
  if (!read.ok) throw commandFault("VALIDATION", `${file} ${faultWords[read.error]}`);
  const { isCutOff, isLeftOut } = read.value;
  if (isCutOff) process.stderr.write(`${file} is cut off; what stands before is played\n`);
  if (isLeftOut) process.stderr.write(`${file} was full before the span that was asked for ended\n`);
  return read.value;
}

function bytesOf(file: string): Uint8Array {
  try {
    // Some blocks more than a full one has are no reason to refuse it.
    if (statSync(file).size <= 2 * recordingBytesMax) return readFileSync(file);
  } catch (error) {
    throw commandFault("NOT_FOUND", `cannot read ${file}: ${messageOf(error)}`, error);
  }
  throw commandFault("VALIDATION", `${file} ${faultWords["too-large"]}`);
}
