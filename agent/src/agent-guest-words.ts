/** What a guest says in words for people, as it may be told on. */
import type { GuestKeeping } from "./agent-guest-world.ts";
import { cut } from "./core/crashes/crash-book.ts";

/** UTF-16 units of a line of its log, or of a reason. Longer: cut, once the secrets are out, for half a one is found by nobody. */
const toldWordsMax = 1024;

export const toldWords = ({ without }: Pick<GuestKeeping, "without">, words: string): string =>
  cut(without?.(words) ?? words, toldWordsMax);
