/** Where each instance runs: the agent's own modules in worker threads, those of others in sandboxes. */
import { dirname, join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { millis } from "@interactor/shared/kernel/units";
import type { Breakers } from "@interactor/shared/wire/messages/measured";
import { ceilingFile } from "../adapters/ceiling-file.ts";
import {
  type Machine,
  type Measure,
  measureNames,
  measures,
} from "../adapters/module-host-sandbox/machine.ts";
import { sandboxGuests } from "../adapters/module-host-sandbox/module-host-sandbox.ts";
import { systemServices } from "../adapters/module-services-system/module-services-system.ts";
import { readSigned } from "../adapters/signed-manifests.ts";
import { workerGuests, type WorkerOptions } from "../adapters/module-host-worker/module-host-worker.ts";
import type { GuestPlace } from "../agent-guest-world.ts";
import { pacedWrites } from "../agent-storage-writes.ts";
import { AgentModules, type ModulesOptions } from "../agent-modules.ts";
import { limitsUnder, pastCeiling } from "../core/ceiling/ceiling.ts";
import { misfit } from "../core/ceiling/misfit.ts";
import type { ModuleServices, Resting } from "../ports/module-services.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents } from "../ports/module-host.ts";
import { urgentWorkers, workerOf } from "./modules.ts";
import { version } from "./version.ts";

type ModulesWorld = Pick<
  ModulesOptions,
  "clock" | "random" | "log" | "crashed" | "tellable" | "without" | "logged" | "measured"
> & {
  /** So many breakers are not closed now. */
  readonly resting?: (breakers: Breakers) => void;
};

export interface ModulesSetup extends Omit<WorkerOptions, "urgent"> {
  /** The agent's data folder. */
  readonly data: string;
  /** Where a file is that came from the hub, by its digest. */
  readonly fileOf: (digest: string) => string;
  /** What the machine can enforce on modules of others. */
  readonly survey: () => Promise<Machine>;
  /** Measures without which no module of others is run. */
  readonly required: ReadonlySet<Measure>;
  /** The file that says what modules that came from the hub may have here, whatever it grants them. */
  readonly ceiling: string;
}

export function modulesOf(
  setup: ModulesSetup,
  world: ModulesWorld,
): (events: ModuleHostEvents) => ModuleHost {
  const { file, data, fileOf, site, node, steering, survey, required } = setup;
  const ceiling = ceilingFile(setup.ceiling);
  const worker = workerGuests({ file, site, node, steering, urgent: urgentWorkers });
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
  const services = servicesIn(join(data, "modules"), world);
  // What stands in the node's own file was written by whoever writes its ceiling.
  const limitsOf = ({ limits }: Pick<InstanceSpec, "limits">, digest: string) =>
    limitsUnder({ limits }, digest === "" ? { limits: {} } : ceiling());
  const objection = ({ digest = "", ...spec }: InstanceSpec): string | undefined => {
    try {
      if (digest === "") return undefined;
      // Whatever a hub calls it: it is what its publisher signed it as.
      const module = readSigned(fileOf(digest))?.id ?? spec.module;
      return pastCeiling({ ...spec, module }, ceiling());
    } catch (error) {
      return messageOf(error);
    }
  };
  const placeOf = ({ name, module, version, digest = "", ...spec }: InstanceSpec): GuestPlace | undefined => {
    const bundle = digest === "" ? spec.bundle : fileOf(digest);
    if (bundle !== undefined) {
      const limits = limitsOf(spec, digest);
      return {
        // Another version has a sandbox of its own, also while the one before it still runs.
        name: `sandbox of ${name} with ${bundle}`,
        kind: "sandbox",
        open: sandbox({ bundle, limits, signed: readSigned(bundle), whole: spec.whole }),
        silenceMax: millis(limits.handlerMs),
      };
    }
    const group = workerOf(module, version);
    return group === undefined ? undefined : { name: group, kind: "worker", open: worker };
  };
  return (events) =>
    new AgentModules(
      {
        ...world,
        placeOf,
        services,
        objection,
        misfit: misfitAmong(fileOf),
        problem: () => wordsOf(problem, services.resting()),
      },
      events,
    );
}

function servicesIn(folder: string, { clock, resting }: ModulesWorld): ModuleServices {
  const system = systemServices(folder, clock, () => resting?.(countsOf(system.resting())));
  return pacedWrites(system, clock);
}

const misfitAmong =
  (fileOf: ModulesSetup["fileOf"]): NonNullable<ModulesOptions["misfit"]> =>
  ({ digest = "", module }) =>
    digest === "" ? undefined : misfit(module, readSigned(fileOf(digest))?.engines?.interactor, version);

function countsOf(resting: readonly Resting[]): Breakers {
  const of = (kind: Resting["kind"]) => {
    const those = resting.filter((each) => each.kind === kind);
    const halfOpen = those.filter(({ isTried }) => isTried).length;
    return { open: those.length - halfOpen, halfOpen };
  };
  return { host: of("host"), serial: of("serial") };
}

/** What keeps modules from working as they should; `undefined`: nothing. */
function wordsOf(lack: string | undefined, resting: readonly Resting[]): string | undefined {
  const words = [
    ...(lack === undefined ? [] : [lack]),
    ...resting.map(
      ({ thing, isTried }) =>
        `${thing} failed again and again and is ${isTried ? "tried again" : "given a rest"}`,
    ),
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
