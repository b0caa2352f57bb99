/** Intel hex, as far as it takes to leave things out of what was read from a board. */
import type { Chip } from "./boards.ts";

/**
 * Where the largest bootloader of each chip's boards begins. What lies there must never be written back: the bootloader
 * would write over itself. A program that is larger is not kept whole.
 */
const programEnd: Record<Chip, number> = { atmega328p: 0x78_00, atmega2560: 0x3_e0_00 };

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
