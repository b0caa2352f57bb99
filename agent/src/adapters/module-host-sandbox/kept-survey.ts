/**
 * What is known of the machine, for all sandboxes. What it can enforce it can enforce for good. What failed may have failed
 * because the machine was busy, or its disk full: it is looked at again when a sandbox is opened later.
 */
import { seconds } from "@interactor/shared/kernel/units";
import type { GroupFolders } from "./cgroup.ts";
import type { Machine, Measure } from "./machine.ts";

/** Looking starts a few processes: no sooner than this after the last time. */
const againAfter = seconds(30);
/** What is found out by starting something, which may fail for other reasons. */
const tried = ["namespaces", "system-calls", "permissions"] as const satisfies readonly Measure[];

/** `look` is told of the control groups that it found the first time: an agent has its place among them by then. */
export function keptSurvey(
  look: (groups: GroupFolders | undefined) => Promise<Machine>,
  now: () => number,
): () => Promise<Machine> {
  let known: Promise<Machine> | undefined;
  let groups: GroupFolders | undefined;
  /** When it may be looked at again; `undefined`: there is no need. */
  let againAt: number | undefined;
  const survey = async (): Promise<Machine> => {
    try {
      const machine = await look(groups);
      groups = machine.groups;
      againAt = tried.every((measure) => machine.has.has(measure)) ? undefined : now() + againAfter;
      return machine;
    } catch (error) {
      againAt = now() + againAfter;
      throw error;
    }
  };
  return () => {
    const isDue = againAt !== undefined && now() >= againAt;
    if (known !== undefined && !isDue) return known;
    againAt = undefined;
    known = survey();
    return known;
  };
}
