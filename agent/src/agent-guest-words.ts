/** What a guest says in words for people, as it may be told on. */
import type { FromGuest } from "@interactor/shared/sdk/guest-messages";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { GuestKeeping } from "./agent-guest-world.ts";
import { cut } from "./core/crashes/crash-book.ts";

/** UTF-16 units of a line of its log, or of a reason. Longer: cut, once the secrets are out, for half a one is found by nobody. */
const toldWordsMax = 1024;

export const toldWords = ({ without }: Pick<GuestKeeping, "without">, words: string): string =>
  cut(without?.(words) ?? words, toldWordsMax);

/** How an instance says that it is. One that works in part runs. */
export const reportOf = (
  said: Extract<FromGuest, readonly ["degraded" | "running" | "waiting", ...unknown[]]>,
  told: (words: string) => string,
): InstanceReport =>
  said[0] === "running"
    ? { state: "running" }
    : { state: said[0] === "waiting" ? "waiting" : "running", reason: told(said[2]) };
