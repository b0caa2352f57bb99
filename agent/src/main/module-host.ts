/** Where each instance runs: the agent's own modules in worker threads, those of others in sandboxes. */
import { dirname, join } from "node:path";
import { sandboxLimitsDefault } from "../adapters/module-host-sandbox/limits.ts";
import {
  type Machine,
  type Measure,
  measureNames,
  measures,
} from "../adapters/module-host-sandbox/machine.ts";
import { sandboxGuests } from "../adapters/module-host-sandbox/module-host-sandbox.ts";
import { systemServices } from "../adapters/module-services-system/module-services-system.ts";
import { workerGuests, type WorkerOptions } from "../adapters/module-host-worker/module-host-worker.ts";
import type { GuestPlace } from "../agent-guest.ts";
import { pacedWrites } from "../agent-storage-writes.ts";
import { AgentModules, type ModulesOptions } from "../agent-modules.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents } from "../ports/module-host.ts";
import { workerOf } from "./modules.ts";

type ModulesWorld = Pick<ModulesOptions, "clock" | "random" | "log" | "crashed" | "measured">;

export interface ModulesSetup extends WorkerOptions {
  /** The agent's data folder. */
  readonly data: string;
  /** Where a file is that came from the hub, by its digest. */
  readonly fileOf: (digest: string) => string;
  /** What the machine can enforce on modules of others. */
  readonly survey: () => Promise<Machine>;
  /** Measures without which no module of others is run. */
  readonly required: ReadonlySet<Measure>;
}

export function modulesOf(
  setup: ModulesSetup,
  { clock, random, log, crashed, measured }: ModulesWorld,
): (events: ModuleHostEvents) => ModuleHost {
  const { file, data, fileOf, site, node, steering, survey, required } = setup;
  const worker = workerGuests({ file, site, node, steering });
  let problem: string | undefined;
  const sandbox = sandboxGuests({
    site,
    node,
    inside: join(dirname(file), "sandbox.mjs"),
    async machine() {
      const found = await survey();
      problem = lacking(found);
      return found;
    },
    required,
    steering,
  });
  const services = pacedWrites(systemServices(join(data, "modules"), clock), clock);
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
    new AgentModules(
      {
        placeOf,
        services,
        clock,
        random,
        log,
        crashed,
        measured,
        problem: () => wordsOf(problem, services.resting()),
      },
      events,
    );
}

/** What keeps modules from working as they should; `undefined`: nothing. */
function wordsOf(lack: string | undefined, resting: readonly string[]): string | undefined {
  const words = [
    ...(lack === undefined ? [] : [lack]),
    ...resting.map((thing) => `${thing} failed again and again and is given a rest`),
  ];
  return words.length === 0 ? undefined : words.join("; ");
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
