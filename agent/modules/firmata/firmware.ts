/** How a board with Firmata is asked what it runs, before johnny-five has anything to do with it. */
import type { BoardQuestion, Runs } from "../../flashing/ask-board.ts";

/** The firmware of ours. */
export const ourFirmware = "firmata-lite";

const sysexBegin = 0xf0;
const sysexEnd = 0xf7;
const firmwareReport = 0x79;
/** A name of 60 letters, two bytes each. Longer: it is none. */
const reportBytesMax = 128;

/** At 57,600 baud, which our firmware and StandardFirmata speak. */
export const firmataQuestion: BoardQuestion = {
  baudRate: 57_600,
  bytes: Uint8Array.of(sysexBegin, firmwareReport, sysexEnd),
  listen() {
    let held: number[] | undefined;
    let runs: Runs | undefined;
    return (bytes) => {
      for (const byte of bytes) {
        if (byte === sysexBegin) held = [];
        else if (byte === sysexEnd && held !== undefined) {
          runs ??= runsIn(held);
          held = undefined;
        } else if (held !== undefined && held.push(byte) > reportBytesMax) held = undefined;
      }
      return runs;
    };
  },
};

/** Letters come as two bytes of seven bits. */
function runsIn([kind, major, minor, ...letters]: readonly number[]): Runs | undefined {
  if (kind !== firmwareReport || major === undefined || minor === undefined) return undefined;
  const codes = letters.flatMap((low, index) =>
    index % 2 === 0 ? [low | ((letters[index + 1] ?? 0) << 7)] : [],
  );
  return { firmware: String.fromCharCode(...codes), release: `${major}.${minor}` };
}
