/** Where each instance runs: the agent's own modules in worker threads, those of others in sandboxes. */
import { dirname, join } from "node:path";
import type { GroupFolders } from "../adapters/module-host-sandbox/cgroup.ts";
import { keptSurvey } from "../adapters/module-host-sandbox/kept-survey.ts";
import { sandboxLimitsDefault } from "../adapters/module-host-sandbox/limits.ts";
import {
  type Machine,
  type Measure,
  measureNames,
  measures,
  surveyMachine,
} from "../adapters/module-host-sandbox/machine.ts";
import { sandboxGuests } from "../adapters/module-host-sandbox/module-host-sandbox.ts";
import { systemServices } from "../adapters/module-services-system/module-services-system.ts";
import { workerGuests, type WorkerOptions } from "../adapters/module-host-worker/module-host-worker.ts";
import type { GuestPlace } from "../agent-guest.ts";
import { pacedWrites } from "../agent-storage-writes.ts";
import { AgentModules, type ModulesOptions } from "../agent-modules.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents } from "../ports/module-host.ts";
import { urgentWorkers, workerOf } from "./modules.ts";

export interface ModulesSetup
  extends Omit<WorkerOptions, "urgent">, Pick<ModulesOptions, "clock" | "random" | "log"> {
  /** The agent's data folder. */
  readonly data: string;
  /** Where a file is that came from the hub, by its digest. */
  readonly fileOf: (digest: string) => string;
  /** Measures of a sandbox that this node does without. */
  readonly without: ReadonlySet<Measure>;
}

export function modulesOf(setup: ModulesSetup): (events: ModuleHostEvents) => ModuleHost {
  const { file, data, fileOf, site, node, steering, clock, random, log, without } = setup;
  const worker = workerGuests({ file, site, node, steering, urgent: urgentWorkers });
  let problem: string | undefined;
  // A node without modules of others is not looked at.
  const survey = async (groups: GroupFolders | undefined): Promise<Machine> => {
    const found = await surveyMachine({ folder: join(data, "sandbox"), groups });
    problem = lacking(found);
    log.info("looked at what this machine can enforce on modules of others", {
      has: [...found.has],
      missing: found.missing,
    });
    return found;
  };
  const sandbox = sandboxGuests({
    site,
    node,
    inside: join(dirname(file), "sandbox.mjs"),
    machine: keptSurvey(survey, () => performance.now()),
    without,
    steering,
  });
  const services = pacedWrites(systemServices(join(data, "modules")), clock);
  const placeOf = ({ name, module, version, digest = "", ...spec }: InstanceSpec): GuestPlace | undefined => {
    const bundle = digest === "" ? spec.bundle : fileOf(digest);
    if (bundle !== undefined)
      return {
        // Another version has a sandbox of its own, also while the one before it still runs.
        name: `sandbox of ${name} with ${bundle}`,
        kind: "sandbox",
        open: sandbox({ bundle, limits: sandboxLimitsDefault }),
      };
    const group = workerOf(module, version);
    return group === undefined ? undefined : { name: group, kind: "worker", open: worker };
  };
  return (events) =>
    new AgentModules({ placeOf, services, clock, random, log, problem: () => problem }, events);
}

/** What this machine cannot enforce, in words for people; `undefined`: nothing. */
function lacking({ missing }: Machine): string | undefined {
  const words = measureNames.flatMap((measure) => {
    const reason = missing[measure];
    return reason === undefined ? [] : [`that ${measures[measure]} (${reason})`];
  });
  return words.length === 0
    ? undefined
    : `of a module of others this machine does not ensure ${words.join(", nor ")}`;
}
