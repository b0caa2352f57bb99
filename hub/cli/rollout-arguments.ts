/** Words of the command line that say how a revision comes to its nodes. Wrong ones are usage errors. */
import { InvalidArgumentError } from "commander";
import { parseDuration } from "@interactor/shared/kernel/duration";
import type { RolloutOptions } from "@interactor/shared/wire/api-config";
import { durationMax } from "@interactor/shared/wire/limits";
import { isName } from "@interactor/shared/wire/names";

type Waves = NonNullable<RolloutOptions["waves"]>;
type Threshold = NonNullable<RolloutOptions["threshold"]>;

/** Waves of one rollout. More: refuse. */
const wavesMax = 20;

/** `1,10%,50%` or `lamps,50%`: a number of nodes, a share of all, or a group; what is left comes last. */
export function wavesArgument(text: string): Waves {
  const words = text.split(",").map((word) => word.trim());
  if (words.length > wavesMax) throw new InvalidArgumentError(`at most ${wavesMax} waves.`);
  return words.map((word) => {
    const share = shareOf(word);
    if (share !== undefined && share > 0) return { share };
    if (/^[1-9]\d{0,3}$/.test(word)) return { count: Number(word) };
    // A group of digits alone would be taken for a number.
    if (isName(word) && !/^\d+$/.test(word)) return { group: word };
    throw new InvalidArgumentError("write numbers, shares or groups with commas between, such as 1,10%,50%.");
  });
}

/** `2%` or `3`. */
export function thresholdArgument(text: string): Threshold {
  const share = shareOf(text);
  if (share !== undefined) return { share };
  if (/^\d{1,4}$/.test(text)) return { count: Number(text) };
  throw new InvalidArgumentError("write a number of nodes or a share of them, such as 3 or 2%.");
}

/** A time that may be none: `0`, `500ms`, `10s`; in ms. */
export function probationArgument(text: string): number {
  const parsed = parseDuration(text === "0" ? "0s" : text);
  if (parsed.ok && parsed.value <= durationMax) return parsed.value;
  throw new InvalidArgumentError("write 10s, 500ms or 0; at most 24h.");
}

/** A part of 1; `undefined`: it is none. */
function shareOf(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text);
  const share = match === null ? undefined : Number(match[1]) / 100;
  return share !== undefined && share <= 1 ? share : undefined;
}
