/** What is plugged into this machine, and whether its boards can be given firmware: looked at again and again. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { seconds } from "@interactor/shared/kernel/units";
import type { Check } from "@interactor/shared/wire/machine-check";
import type { PluggedIn } from "@interactor/shared/wire/plugged-in";
import { flashCheck, lackForFlash } from "../adapters/machine-checks/flash-check.ts";
import { lookAround } from "../adapters/plugged-in.ts";
import type { Log } from "../ports/log.ts";
import type { InstanceSpec } from "../ports/module-host.ts";

/** Whoever plugs something in looks whether it is there. A look reads some twenty small files of the kernel's. */
const interval = seconds(10);

export interface Plugs {
  /** `undefined`: nobody has looked yet. */
  readonly devices: () => PluggedIn | undefined;
  /** What these instances lack to give firmware to their boards. */
  readonly lacks: (instances: Iterable<InstanceSpec>) => readonly Check[];
}

export function watchPlugs({ clock, log }: { readonly clock: Clock; readonly log: Log }): Plugs {
  let devices: PluggedIn | undefined;
  let lack: string | undefined;
  const look = async (): Promise<void> => {
    try {
      devices = await lookAround();
      lack = await lackForFlash();
    } catch (error) {
      log.warn("what is plugged in could not be looked at", { cause: messageOf(error) });
    }
    clock.after(interval, () => void look());
  };
  // The agent's first seconds belong to its modules.
  clock.after(interval, () => void look());
  return {
    devices: () => devices,
    lacks(instances) {
      const check = flashCheck(instances, lack);
      return check.state === "ok" ? [] : [check];
    },
  };
}

/** Prints what is plugged in, as JSON: the command line makes words of it. */
export async function runDevices(): Promise<void> {
  process.stdout.write(`${JSON.stringify(await lookAround())}\n`);
}
