import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { defineModule } from "@interactor/shared/sdk/define-module";
import { Guest } from "@interactor/shared/sdk/guest";
import { loaded } from "@interactor/shared/sdk/loaded-module";
import * as z from "@interactor/shared/sdk/schemas";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import type { InstanceMetrics } from "@interactor/shared/wire/messages/measured";
import { AgentModules } from "./agent-modules.ts";
import type { OpenGuest } from "./ports/guest-line.ts";

const probe = defineModule({
  manifest: {
    apiVersion: 1,
    id: "probe",
    version: "1.0.0",
    title: "Measures once, as it starts",
    worker: "own",
    inputs: {},
    outputs: {},
  },
  settings: z.strictObject({ gain: z.number() }),
  start({ gain }, { metrics }) {
    metrics.set("gain", gain);
    return { stop: () => Promise.resolve() };
  },
});

const clock = Object.assign(new VirtualClock(), { isSynchronised: true });
const random = { next: () => 0 };
const open: OpenGuest = (_name, { said }) => {
  const load = () => Promise.resolve(loaded(probe));
  const guest = new Guest({ site: "demo", node: "pi" }, load, { clock, random }, said);
  return { post: (message) => guest.take(message), end: () => Promise.resolve() };
};

const denied = (): Promise<never> => Promise.reject(new Error("no such service"));
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const quiet = (): void => undefined;

test("what a run measured while it waited to take over is told when it has", async () => {
  const measured = new Map<string, InstanceMetrics | undefined>();
  const up = Promise.withResolvers<void>();
  await using host = new AgentModules(
    {
      clock,
      random,
      log: { info: quiet, warn: quiet, error: quiet },
      services: {
        loadStored: () => Promise.resolve({}),
        saveStored: () => Promise.resolve(),
        connect: denied,
        readFile: denied,
        isSerialLine: denied,
        openSerial: denied,
        flash: denied,
        resting: () => [],
      },
      placeOf: () => ({ name: "probes", kind: "worker", open }),
      measured: (instance, metrics) => void measured.set(instance, metrics),
    },
    {
      declared: quiet,
      started: () => up.resolve(),
      output: quiet,
      stateChanged: quiet,
      beat: quiet,
    },
  );
  const spec = (gain: number) => ({ name: "probe", module: "probe", settings: { gain } });
  host.start(spec(1));
  await up.promise;
  await settled();
  clock.advance(seconds(6));
  expect(measured.get("probe")?.gauges).toEqual({ gain: 1 });

  expect(await host.beside.start(spec(2))).toBeUndefined();
  clock.advance(seconds(6));
  expect(measured.get("probe")?.gauges).toEqual({ gain: 1 });
  expect(await host.beside.takeOver("probe")).toBeUndefined();

  expect(measured.get("probe")?.gauges).toEqual({ gain: 2 });
});
