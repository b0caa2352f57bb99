/** A latch of a show stop in words: where, by whom, since when. */
import type { LatchView } from "@interactor/shared/wire/api";
import { formatAge, printable } from "./output.ts";

export const latchWords = ({ zone, by, since }: LatchView, now: Date): string =>
  `stopped in ${zone} by ${printable(by)}, ${formatAge(new Date(since), now)}`;
