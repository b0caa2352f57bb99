/** Whether firmware can be written into boards here, where instances ask for it. */
import type { Check } from "@interactor/shared/wire/machine-check";
import { lackOfAvrdude } from "../../../flashing/avrdude.ts";
import { boards } from "../../../flashing/boards.ts";
import type { InstanceSpec } from "../../ports/module-host.ts";

type Asking = Pick<InstanceSpec, "name" | "settings">;

/** `lack`: why nothing can be written; `undefined`: it can. */
export function flashCheck(instances: Iterable<Asking>, lack: string | undefined): Check {
  const names = [...instances].flatMap(({ name, settings }) => (asksForFlash(settings) ? [name] : []));
  const check = "flash";
  if (names.length === 0)
    return { check, state: "ok", words: "no instance here has `flash` in its settings" };
  return lack === undefined
    ? { check, state: "ok", words: `avrdude is there, for ${names.join(", ")}` }
    : { check, state: "missing", words: `${names.join(", ")}: ${lack}` };
}

/** Looked at anew each time: it may have been installed. */
export const lackForFlash = (): Promise<string | undefined> => lackOfAvrdude();

/** At the top of settings, or where they name the line of one of their devices. */
function asksForFlash(settings: unknown): boolean {
  if (namesBoard(settings)) return true;
  return typeof settings === "object" && settings !== null && Object.values(settings).some(namesBoard);
}

const namesBoard = (settings: unknown): boolean =>
  typeof settings === "object" &&
  settings !== null &&
  "flash" in settings &&
  boards.some((board) => board === settings.flash);
