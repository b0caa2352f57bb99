/** What settings may ask for that only our own firmware can do. Pure. */
import type { Runs } from "../../flashing/ask-board.ts";
import { ourFirmware } from "./firmware.ts";
import { pulseLeastElsewhere } from "./limits.ts";
import type { Settings } from "./settings.ts";

/** Our release that is the first to take every pulse of `limits.ts` for one. */
const pulsesSince = [1, 1] as const;

/** What these settings ask for that what the board runs cannot do; `undefined`: nothing. */
export function beyond(
  { firmware, release }: Runs,
  { inputs }: Pick<Settings, "inputs">,
): string | undefined {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  const isNewEnough = major > pulsesSince[0] || (major === pulsesSince[0] && minor >= pulsesSince[1]);
  if (firmware === ourFirmware && isNewEnough) return undefined;
  for (const [name, input] of Object.entries(inputs)) {
    if (input.device !== "servo" || Math.min(...input.pulses) >= pulseLeastElsewhere) continue;
    return (
      `it runs ${firmware} ${release}, which takes pulses below ${pulseLeastElsewhere} µs for degrees: ` +
      `correct the pulses of ${name}, or give the board ${ourFirmware} ${pulsesSince.join(".")}`
    );
  }
  return undefined;
}
