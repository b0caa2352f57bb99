/** How a board with Firmata is asked what it runs, before johnny-five has anything to do with it. */
import type { BoardQuestion, Runs } from "../../flashing/ask-board.ts";
import { FirmataStream } from "./firmata-stream.ts";

/** The firmware of ours. */
export const ourFirmware = "firmata-lite";

const sysexBegin = 0xf0;
const sysexEnd = 0xf7;
const firmwareReport = 0x79;

/** At 57,600 baud, which our firmware and StandardFirmata speak. */
export const firmataQuestion: BoardQuestion = {
  baudRate: 57_600,
  bytes: Uint8Array.of(sysexBegin, firmwareReport, sysexEnd),
  listen() {
    let runs: Runs | undefined;
    const stream = new FirmataStream({
      message(bytes) {
        runs ??= runsIn(bytes);
      },
      // A bootloader may say anything.
      damaged: () => undefined,
    });
    return (bytes) => {
      stream.take(bytes);
      return runs;
    };
  },
};

/** Letters come as two bytes of seven bits. */
function runsIn([begin, kind, major, minor, ...rest]: Uint8Array): Runs | undefined {
  const isReport = begin === sysexBegin && kind === firmwareReport && rest.length > 0;
  if (!isReport || major === undefined || minor === undefined) return undefined;
  const letters = rest.slice(0, -1);
  const codes = letters.flatMap((low, index) =>
    index % 2 === 0 ? [low | ((letters[index + 1] ?? 0) << 7)] : [],
  );
  return { firmware: String.fromCharCode(...codes), release: `${major}.${minor}` };
}
