/** What the settings of an instance say about the firmware of its board, the same in every module that has one. */
import * as z from "@interactor/shared/sdk/schemas";
import type { BoardKind } from "@interactor/shared/sdk/define-module";

/** `boards`: those that there is an image for. */
export const flashSettings = <const Boards extends readonly BoardKind[]>(boards: Boards) => ({
  /** The kind of board: another release of its firmware is replaced by this agent's. */
  flash: z.optional(z.enum(boards, `the kind of board: ${boards.join(", ")}`)),
  /** Whatever else is in the board is replaced, too. */
  overwrite: z._default(z.boolean(), false),
});

interface Flashing {
  readonly flash?: BoardKind | undefined;
  readonly overwrite: boolean;
}

interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

/** `number`: the serial number, where the board is named by it; `key`: the setting it stands in. */
export function flashProblems(
  { flash, overwrite }: Flashing,
  { number, key }: { readonly number: string | undefined; readonly key: string },
): readonly Problem[] {
  const problems: Problem[] = [];
  if (flash !== undefined && number === undefined) {
    const message = `only a board that is named by its serial number (${key}) is flashed: a path may be another board tomorrow`;
    problems.push({ path: ["flash"], message });
  }
  if (overwrite && flash === undefined)
    problems.push({ path: ["overwrite"], message: "needs flash, the kind of board" });
  return problems;
}
