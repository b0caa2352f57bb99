/** Intel hex, as far as it takes to leave things out of what was read from a board. */
import type { Chip } from "./boards.ts";

/**
 * Where the largest bootloader of each chip's boards begins. What lies there must never be written back: the bootloader
 * would write over itself. A program that is larger is not kept whole.
 */
const programEnd: Record<Chip, number> = { atmega328p: 0x78_00, atmega2560: 0x3_e0_00 };

const recordBytes = 16;

/** A program from address 0 on, as a hex file. Throws when it does not fit below 64 KB, or where a bootloader may lie. */
export function hexOf(program: Uint8Array, chip: Chip): string {
  const most = Math.min(programEnd[chip], 0x1_00_00);
  if (program.length === 0) throw new Error("the firmware is empty");
  if (program.length > most)
    throw new Error(`the firmware has ${program.length} bytes, and ${most} fit into an ${chip}`);
  const records: string[] = [];
  for (let at = 0; at < program.length; at += recordBytes) {
    const data = program.subarray(at, at + recordBytes);
    const bytes = [data.length, at >>> 8, at & 0xff, 0, ...data];
    const sum = -bytes.reduce((total, byte) => total + byte, 0) & 0xff;
    records.push(
      `:${Buffer.from([...bytes, sum])
        .toString("hex")
        .toUpperCase()}`,
    );
  }
  return `${records.join("\n")}\n:00000001FF\n`;
}

/** Without the bootloader, and without what is empty. Throws when it is no hex file. */
export function programIn(hex: string, chip: Chip): string {
  let base = 0;
  const kept = hex.split(/\r?\n/u).filter((line) => {
    if (line === "") return false;
    const record = /^:([\dA-F]{2})([\dA-F]{4})([\dA-F]{2})([\dA-F]*)[\dA-F]{2}$/u.exec(line.toUpperCase());
    if (record === null) throw new Error("what was read from the board is no hex file");
    const [, , address = "", kind = "", data = ""] = record;
    if (kind === "02") base = Number.parseInt(data, 16) * 16;
    if (kind === "04") base = Number.parseInt(data, 16) * 0x1_00_00;
    if (kind !== "00") return true;
    return base + Number.parseInt(address, 16) < programEnd[chip] && !/^F*$/u.test(data);
  });
  return `${kept.join("\n")}\n`;
}
