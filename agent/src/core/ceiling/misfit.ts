/** Whether a module is for this agent: the hub has compared it with its own version, and a node may not be renewed yet. */
import { parseVersionRange } from "@interactor/shared/bundle/version-range";

/** `engines`: the versions of Interactor that it is for, as its publisher signed them; `undefined` or unreadable: any. */
export function misfit(module: string, engines: string | undefined, agent: string): string | undefined {
  const range = engines === undefined ? undefined : parseVersionRange(engines);
  if (range?.ok !== true || range.value.has(agent)) return undefined;
  return `${module} is for Interactor ${engines}, and the agent of this node is ${agent}: renew the agent, or run a version of ${module} that is for it`;
}
