import type { DeviceListener } from "../supervision/kept-device.ts";
import type { ModuleContext } from "./context.ts";

/**
 * What becomes of a device is what becomes of its instance. That an absent device is still absent is no news: the same
 * words are said once.
 */
export function tellDevice(context: ModuleContext): DeviceListener {
  let said: string | undefined;
  return {
    changed({ kind }, complaint) {
      if (kind === "ready") {
        said = undefined;
        context.running();
      } else if (complaint !== undefined && complaint !== said) {
        said = complaint;
        if (kind === "degraded") context.log.warn(complaint);
        else context.waiting(complaint);
      }
    },
  };
}
