/** What a universe says of itself, in words: its numbers, and the cues that are on. */
import { universeInWords } from "@interactor/shared/site/fixtures/universe-number";
import type { Value } from "@interactor/shared/wire/value";

/** By its monitor; nothing of one that has not sent yet, or says no numbers. */
export function numberWords(monitor: Value | undefined): string {
  const numbers = typeof monitor === "object" && monitor !== null ? monitor : {};
  const universe: unknown = Reflect.get(numbers, "universe");
  const portAddress: unknown = Reflect.get(numbers, "portAddress");
  if (typeof universe !== "number") return "";
  return universeInWords(universe, typeof portAddress === "number" ? portAddress : undefined);
}

/** `cue show/open, paused`; of several that are on, which of them stand still. */
export function cueWords(cue: Value | undefined, paused: Value | undefined): string {
  if (typeof cue !== "string" || cue === "") return "";
  if (typeof paused !== "string" || paused === "") return `cue ${cue}`;
  return paused === cue ? `cue ${cue}, paused` : `cue ${cue} (paused: ${paused})`;
}
