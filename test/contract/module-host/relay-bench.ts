// The agent's modules with several versions of one module, each in guests of its own: real threads, real sandboxes.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { sandboxLimitsDefault } from "@interactor/agent/src/adapters/module-host-sandbox/limits.ts";
import { workerGuests } from "@interactor/agent/src/adapters/module-host-worker/module-host-worker.ts";
import { systemServices } from "@interactor/agent/src/adapters/module-services-system/module-services-system.ts";
import type { GuestPlace } from "@interactor/agent/src/agent-guest-world.ts";
import { AgentModules } from "@interactor/agent/src/agent-modules.ts";
import type { InstanceSpec, ModuleOutput } from "@interactor/agent/src/ports/module-host.ts";
import type { Clock } from "@interactor/shared/kernel/clock";
import { micros } from "@interactor/shared/kernel/units";
import type { Value } from "@interactor/shared/wire/value";
import { bundled, openSandboxes } from "./sandboxes.ts";

const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).pathname);

const moduleCode = (version: string) => `
  import { relay } from ${source("relay-module.ts")};
  export const definition = relay("${version}");
`;
const workerCode = (module: string) => `
  import { parentPort, workerData } from "node:worker_threads";
  import { systemClock } from ${source("../../../agent/src/adapters/clock-system.ts")};
  import { runWorker } from ${source("../../../agent/src/adapters/module-host-worker/worker.ts")};
  import { loaded } from ${source("../../../shared/src/sdk/loaded-module.ts")};
  import { definition } from ${JSON.stringify(module)};
  const { steering, site, node } = workerData;
  runWorker(parentPort, { site, node }, async () => loaded(definition), systemClock(steering));
`;

export type RelayKind = "worker" | "sandbox";

/** What its passed output gives. */
export interface Passed {
  readonly message: number;
  readonly by: string;
  readonly count: number;
}

/** While one took over, in ms. */
interface Change {
  readonly from: number;
  readonly to: number;
}

export interface RelayBench extends AsyncDisposable {
  readonly folder: string;
  readonly host: AgentModules;
  readonly changes: readonly Change[];
  readonly passed: readonly Passed[];
  /** When each of those came, in ms. */
  readonly times: readonly number[];
  readonly outputs: readonly ModuleOutput[];
  readonly reports: readonly string[];
  readonly logged: readonly string[];
  readonly escalated: readonly string[];
  spec(version: string, settings?: unknown): InstanceSpec;
  start(version: string, settings?: unknown): Promise<void>;
  /** Beside what runs, and in its place. Returns what is wrong. */
  takeOver(version: string, settings?: unknown): Promise<string | undefined>;
  send(message: number): void;
  set(level: Value): void;
}

export interface RelayOptions {
  readonly versions: readonly string[];
  readonly clock?: Clock;
}

export async function openRelays(kind: RelayKind, { versions, clock }: RelayOptions): Promise<RelayBench> {
  const folder = mkdtempSync(join(tmpdir(), "relays-"));
  const places = await placesOf(kind, folder, versions);
  const [passed, times, outputs]: [Passed[], number[], ModuleOutput[]] = [[], [], []];
  const [reports, logged, escalated]: [string[], string[], string[]] = [[], [], []];
  const changes: Change[] = [];
  const log = (words: string): void => void logged.push(words);
  let level: Value | undefined;
  const apply = (input: string, value: Value): void =>
    host.apply("relay", input, { value, at: micros(0), owner: "route" });
  let look = (): void => undefined;
  const time = clock ?? systemClock(newSteering());
  const host: AgentModules = new AgentModules(
    {
      clock: time,
      services: systemServices(join(folder, "modules"), time),
      random: { next: () => 0 },
      log: { info: log, warn: log, error: log },
      placeOf: ({ version = "" }) => places.get(version),
    },
    {
      declared: () => undefined,
      // As the switchboard does it: what an actuator holds is told again.
      started: () => level !== undefined && apply("level", level),
      output(output) {
        // Those of a bench would be what its memory grows by.
        if (outputs.length < 1000) outputs.push(output);
        if (output.output !== "passed") return;
        times.push(performance.now());
        passed.push(output.value as unknown as Passed);
      },
      stateChanged(_instance, { state, reason }) {
        reports.push(reason ?? state);
        look();
      },
      escalated: (_instance, reason) => void escalated.push(reason),
      beat: () => undefined,
    },
  );
  const spec = (version: string, settings: unknown = {}): InstanceSpec => ({
    name: "relay",
    module: "relay",
    version,
    settings,
  });
  return {
    folder,
    host,
    changes,
    passed,
    times,
    outputs,
    reports,
    logged,
    escalated,
    spec,
    async start(version, settings) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      look = () => {
        if (reports.at(-1) === "running") resolve();
        else reject(new Error(reports.at(-1)));
      };
      host.start(spec(version, settings));
      await promise;
      look = () => undefined;
    },
    async takeOver(version, settings) {
      const wrong = await host.beside.start(spec(version, settings));
      if (wrong !== undefined) return wrong;
      const from = performance.now();
      const verdict = await host.beside.takeOver("relay");
      changes.push({ from, to: performance.now() });
      return verdict;
    },
    send: (message) => apply("message", message),
    set(next) {
      level = next;
      apply("level", next);
    },
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** By version. */
async function placesOf(
  kind: RelayKind,
  folder: string,
  versions: readonly string[],
): Promise<ReadonlyMap<string, GuestPlace>> {
  const sandbox = kind === "sandbox" ? await openSandboxes(folder) : undefined;
  const places = versions.map(async (version): Promise<[string, GuestPlace]> => {
    const file = join(folder, `relay-${version}.mjs`);
    writeFileSync(file, moduleCode(version));
    const name = `${kind} of relay ${version}`;
    if (sandbox !== undefined) {
      const bundle = await bundled(file, join(folder, `bundle-${version}.mjs`));
      // A thousand messages a second and what comes with them are more than a module may say by default.
      const limits = { ...sandboxLimitsDefault, messagesPerSecond: 10_000 };
      return [version, { name, kind, open: sandbox({ bundle, limits }) }];
    }
    const worker = join(folder, `worker-${version}.mjs`);
    writeFileSync(worker, workerCode(file));
    const steering = newSteering();
    const open = workerGuests({ file: worker, site: "demo", node: "stage", steering, urgent: new Set() });
    return [version, { name, kind: "worker", open }];
  });
  return new Map(await Promise.all(places));
}
