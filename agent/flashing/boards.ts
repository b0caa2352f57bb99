/** Boards by their names, and what is on them. */

import type { BoardKind } from "@interactor/shared/sdk/define-module";

export type Chip = "atmega328p" | "atmega2560";

/** By the bootloader that they come with: old Nanos, and most clones, have ATmegaBOOT in the place of Optiboot. */
export const boards = ["uno", "nano", "nano-old", "mega2560"] as const satisfies readonly BoardKind[];

export const chipOf = (board: BoardKind): Chip => (board === "mega2560" ? "atmega2560" : "atmega328p");
