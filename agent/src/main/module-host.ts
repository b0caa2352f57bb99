/** Where each instance runs: the agent's own modules in worker threads, those of others in sandboxes. */
import { dirname, join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { millis } from "@interactor/shared/kernel/units";
import { ceilingFile } from "../adapters/ceiling-file.ts";
import type { GroupFolders } from "../adapters/module-host-sandbox/cgroup.ts";
import { keptSurvey } from "../adapters/module-host-sandbox/kept-survey.ts";
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
import { limitsUnder, pastCeiling } from "../core/ceiling/ceiling.ts";
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
  /** The file that says what modules that came from the hub may have here, whatever it grants them. */
  readonly ceiling: string;
}

export function modulesOf(setup: ModulesSetup): (events: ModuleHostEvents) => ModuleHost {
  const { file, data, fileOf, site, node, steering, clock, random, log, without } = setup;
  const ceiling = ceilingFile(setup.ceiling);
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
  // What stands in the node's own file was written by whoever writes its ceiling.
  const limitsOf = ({ limits }: Pick<InstanceSpec, "limits">, digest: string) =>
    limitsUnder({ limits }, digest === "" ? { limits: {} } : ceiling());
  const objection = ({ digest = "", ...spec }: InstanceSpec): string | undefined => {
    try {
      return digest === "" ? undefined : pastCeiling(spec, ceiling());
    } catch (error) {
      return messageOf(error);
    }
  };
  const placeOf = ({ name, module, version, digest = "", ...spec }: InstanceSpec): GuestPlace | undefined => {
    const bundle = digest === "" ? spec.bundle : fileOf(digest);
    if (bundle !== undefined)
      return {
        // Another version has a sandbox of its own, also while the one before it still runs.
        name: `sandbox of ${name} with ${bundle}`,
        kind: "sandbox",
        open: sandbox({ bundle, limits: limitsOf(spec, digest) }),
        silenceMax: millis(limitsOf(spec, digest).handlerMs),
      };
    const group = workerOf(module, version);
    return group === undefined ? undefined : { name: group, kind: "worker", open: worker };
  };
  return (events) =>
    new AgentModules({ placeOf, services, clock, random, log, objection, problem: () => problem }, events);
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
