/** How far a servo goes: what settings ask for that a board cannot do is left out. Pure. */
import type { Runs } from "../../flashing/ask-board.ts";
import { ourFirmware } from "./firmware.ts";
import { pulseLeast, pulseLeastElsewhere, pulseMost } from "./limits.ts";
import type { Input } from "./settings.ts";

/** Our release that is the first to take every pulse of `limits.ts` for one. */
const pulsesSince = [1, 1] as const;

export type ServoInput = Input & { readonly device: "servo" };

/** The way of a servo on a board: each angle has the pulse that its settings say. */
export interface ServoWay {
  /** In microseconds, the shorter one first, as boards want them. */
  readonly pulses: readonly [number, number];
  /** The pulse of an angle, or of the nearest that it has. */
  readonly pulseAt: (degrees: number) => number;
  /** What it cannot do; `undefined`: it goes as far as its settings say. */
  readonly lack: string | undefined;
}

/** The shortest pulse that what the board runs takes for one, and not for degrees. */
function leastOf({ firmware, release }: Runs): number {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  const isNewEnough = major > pulsesSince[0] || (major === pulsesSince[0] && minor >= pulsesSince[1]);
  return firmware === ourFirmware && isNewEnough ? pulseLeast : pulseLeastElsewhere;
}

/** Fails with words when it has no angle at all there. */
export function wayOf(
  name: string,
  { pulses: [first, second], min, max }: ServoInput,
  runs: Runs,
): ServoWay | string {
  const least = leastOf(runs);
  const within = (pulse: number): number => Math.min(pulseMost, Math.max(least, pulse));
  const pulses = [within(Math.min(first, second)), within(Math.max(first, second))] as const;
  const words = `${name} is given pulses of ${least} to ${pulseMost} µs, as what the board runs (${runs.firmware} ${runs.release}) takes them`;
  if (pulses[0] === pulses[1]) return `${words}, and none of its ${first} and ${second}: it does not move`;
  const degreesAt = (pulse: number): number => ((pulse - first) / (second - first)) * 180;
  const [low = 0, high = 180] = pulses.map(degreesAt).toSorted((one, other) => one - other);
  const range = [Math.max(min, low), Math.min(max, high)] as const;
  if (range[0] > range[1])
    return `${words}, and none that it would need from ${min} to ${max} degrees: it does not move`;
  const isCut = range[0] > min || range[1] < max;
  const lack = isCut
    ? `${words}: it goes from ${Math.ceil(range[0])} to ${Math.floor(range[1])} degrees and no further`
    : undefined;
  const pulseAt = (degrees: number): number =>
    Math.round(first + (Math.min(range[1], Math.max(range[0], degrees)) / 180) * (second - first));
  return { pulses, pulseAt, lack };
}
