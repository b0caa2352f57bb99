/** Firmware that a module of others brings, into the board on a line that it was granted. */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault } from "@interactor/shared/kernel/fault";
import type { BoardFirmware } from "@interactor/shared/sdk/services";
import { keptFolder } from "../../../flashing/firmware-update.ts";
import { flashForeign } from "../../../flashing/foreign-firmware.ts";
import { linksFolder } from "../../../serial-line/place.ts";

export async function flash(
  path: string,
  firmware: BoardFirmware,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const places = { folder: keptFolder, links: linksFolder };
  const outcome = await flashForeign({ path, firmware, clock, ...places }, signal);
  switch (outcome.kind) {
    case "flashed":
      return;
    case "untouched":
      throw new Fault("FLASH_REFUSED", `nothing was written: ${outcome.reason}`);
    case "rolled-back":
      throw new Fault(
        "FLASH_ROLLED_BACK",
        `the new firmware did not come up, and the one before is back: ${outcome.reason}`,
      );
    case "broken":
      throw new Fault(
        "FLASH_FAILED",
        `the board runs nothing that answers; flash it again: ${outcome.reason}`,
      );
    default:
      unreachable(outcome);
  }
}
