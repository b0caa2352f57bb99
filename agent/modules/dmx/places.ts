/** Where an instance finds things on its node. */
import { uptime } from "node:os";
import { isAbsolute } from "node:path";
import { linksFolder } from "../../serial-line/place.ts";

export interface Places {
  /** Where the lines of USB adapters are found by their serial numbers. */
  readonly links: string;
  /**
   * A folder in memory that outlives the agent and not the machine, as systemd gives with `RuntimeDirectory=` and
   * `RuntimeDirectoryPreserve=restart`; `undefined`: whoever starts the agent gives none.
   */
  readonly runtime: string | undefined;
  /** Since when the machine runs, in seconds: the only time that one life of an agent has in common with the next. */
  readonly uptime: () => number;
}

/** systemd names several folders with colons between; the first is the agent's own. */
export function placesHere({ RUNTIME_DIRECTORY: folders = "" }: NodeJS.ProcessEnv): Places {
  const [first = ""] = folders.split(":");
  return { links: linksFolder, runtime: isAbsolute(first) ? first : undefined, uptime };
}
