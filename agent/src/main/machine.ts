/** What this machine gives to an agent and its modules: for the node's own report, and for `interactor doctor`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Clock } from "@interactor/shared/kernel/clock";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { type Check, checksMax, checkWordsMax } from "@interactor/shared/wire/machine-check";
import { systemDisk } from "../adapters/apply-store-files/disk.ts";
import { keptPlan } from "../adapters/apply-store-files/kept-plan.ts";
import { flashCheck, lackForFlash } from "../adapters/machine-checks/flash-check.ts";
import { checkMachine } from "../adapters/machine-checks/machine-checks.ts";
import { type GroupFolders, lookAtGroups } from "../adapters/module-host-sandbox/cgroup.ts";
import { keptSurvey } from "../adapters/module-host-sandbox/kept-survey.ts";
import {
  type Machine,
  type Measure,
  measureNames,
  measures,
  surveyMachine,
} from "../adapters/module-host-sandbox/machine.ts";
import { loadFloor } from "../adapters/trust-tuf/version-floor.ts";
import type { Log } from "../ports/log.ts";
import { builtAt } from "./built-at.ts";
import { readInstances, readOptions, readRequired } from "./options.ts";

/** The agent's first seconds belong to its modules. */
const firstAfter = seconds(10);
/** Clocks are set, disks fill up, users get groups. */
const interval = millis(30 * 60 * 1000);

/** What this machine can enforce on modules of others: looked at when somebody asks. */
export function surveyOf(data: string, clock: Clock, log: Log): () => Promise<Machine> {
  const survey = async (groups: GroupFolders | undefined): Promise<Machine> => {
    const found = await surveyMachine({ folder: join(data, "sandbox"), groups });
    log.info("looked at what this machine can enforce on modules of others", {
      has: [...found.has],
      missing: found.missing,
    });
    return found;
  };
  return keptSurvey(survey, () => clock.now());
}

export interface WatchedMachine {
  /** The agent's data folder. */
  readonly data: string;
  readonly survey: () => Promise<Machine>;
  /** Measures without which this agent runs no module of others. */
  readonly required: ReadonlySet<Measure>;
}

/** What an agent has to say of its machine, looked at again from time to time. */
export function watchMachine(
  { data, survey, required }: WatchedMachine,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): () => readonly Check[] | undefined {
  let lacks: readonly Check[] | undefined;
  const look = async (): Promise<void> => {
    try {
      const checks = [
        ...wallsOf(await survey(), required),
        ...(await checkMachine({ data, pastAt: await pastAt(data) })),
      ];
      lacks = checks.filter(({ state }) => state !== "ok").slice(0, checksMax);
    } catch (error) {
      log.warn("this machine could not be looked at", { cause: messageOf(error) });
    }
    clock.after(interval, () => void look());
  };
  clock.after(firstAfter, () => void look());
  return () => lacks;
}

/** What is known to be past: when this program was packed, and when the hub signed what was believed last. */
async function pastAt(data: string): Promise<number> {
  const { time } = await loadFloor(join(data, "trust"), systemDisk);
  return Math.max(builtAt, time);
}

/** Of an agent that runs modules of others: `required` are those without which it does not. */
function wallsOf({ has, missing }: Machine, required: ReadonlySet<Measure>): readonly Check[] {
  return measureNames.map((measure) => {
    if (has.has(measure))
      return { check: measure, state: "ok", words: `of a module of others: ${measures[measure]}` };
    const words = missing[measure] ?? "not here";
    return {
      check: measure,
      state: required.has(measure) ? "missing" : "degraded",
      words: words.slice(0, checkWordsMax),
    };
  });
}

/** Prints what a machine gives, as JSON: the command line makes words of it. */
export async function runDoctor(argv: readonly string[]): Promise<void> {
  const { data, config, without } = readOptions(argv, process.env);
  const folder = await mkdtemp(join(tmpdir(), "interactor-doctor-"));
  try {
    // An agent that runs here has its groups; whoever only looks moves nothing.
    const machine = await surveyMachine({ folder, groups: lookAtGroups() });
    const required = readRequired(config, without);
    const planned = Object.entries((await keptPlan(join(data, "apply"))).instances);
    const instances = [
      ...readInstances(config),
      ...planned.map(([name, { settings }]) => ({ name, settings })),
    ];
    const checks = [
      ...wallsOf(machine, required),
      ...(await checkMachine({ data, pastAt: await pastAt(data) })),
      flashCheck(instances, await lackForFlash()),
    ];
    process.stdout.write(`${JSON.stringify({ user: userInfo().username, checks })}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
