// The agent's modules with a real kind of guest and modules made for a test.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { AgentModules } from "../../../agent/src/agent-modules.ts";
import { pacedWrites } from "../../../agent/src/agent-storage-writes.ts";
import { newSteering, systemClock } from "../../../agent/src/adapters/clock-system.ts";
import { systemServices } from "../../../agent/src/adapters/module-services-system/module-services-system.ts";
import type { Death } from "../../../agent/src/core/crashes/crash-book.ts";
import type { OpenGuest } from "../../../agent/src/ports/guest-line.ts";
import type { InstanceSpec, ModuleHost, ModuleOutput } from "../../../agent/src/ports/module-host.ts";
import { micros } from "@interactor/shared/kernel/units";
import type { InstanceMetrics } from "@interactor/shared/wire/messages/measured";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { Value } from "@interactor/shared/wire/value";

export interface HostBench extends AsyncDisposable {
  readonly folder: string;
  readonly host: ModuleHost;
  /** What modules said in their logs, as `instance: words`. */
  readonly said: readonly string[];
  /** What was told of instances, as `instance: state` and the reason. */
  readonly reports: readonly string[];
  readonly outputs: readonly ModuleOutput[];
  /** How often its guest has answered. */
  readonly beats: (instance: string) => number;
  readonly starts: (instance: string) => number;
  /** What is known of guests that ended. */
  readonly deaths: readonly Death[];
  /** What instances measure of themselves. */
  readonly measured: ReadonlyMap<string, InstanceMetrics>;
  start(name: string, settings?: unknown): Promise<void>;
  apply(instance: string, input: string, value: Value): void;
}

/** Which guest an instance goes to is told by its module: what stands before a dot. */
const groupOf = ({ module }: InstanceSpec): string => module.split(".")[0] ?? module;

export function openHostBench(kind: "worker" | "sandbox", open: OpenGuest, folder: string): HostBench {
  const said: string[] = [];
  const reports: string[] = [];
  const outputs: ModuleOutput[] = [];
  const deaths: Death[] = [];
  const measured = new Map<string, InstanceMetrics>();
  const starts = new Map<string, number>();
  const beats = new Map<string, number>();
  const say = (words: string): void => void said.push(words);
  const clock = systemClock(newSteering());
  const host = new AgentModules(
    {
      clock,
      services: pacedWrites(systemServices(join(folder, "modules"), clock), clock),
      random: { next: () => 0 },
      log: { info: say, warn: say, error: say },
      crashed: (death) => void deaths.push(death),
      measured: (instance, metrics) =>
        void (metrics === undefined ? measured.delete(instance) : measured.set(instance, metrics)),
      placeOf: (instance) =>
        instance.module === "nowhere" ? undefined : { name: groupOf(instance), kind, open },
    },
    {
      declared: () => undefined,
      started: (instance) => void starts.set(instance, (starts.get(instance) ?? 0) + 1),
      output: (output) => void outputs.push(output),
      beat: (instance) => void beats.set(instance, (beats.get(instance) ?? 0) + 1),
      stateChanged: (instance, report) => void reports.push(wordsOf(instance, report)),
    },
  );
  return {
    folder,
    host,
    said,
    reports,
    outputs,
    deaths,
    measured,
    beats: (instance) => beats.get(instance) ?? 0,
    starts: (instance) => starts.get(instance) ?? 0,
    async start(name, settings = {}) {
      const before = reports.length;
      host.start({ name, module: "lamp", settings });
      await vi.waitFor(() => expect(reports.slice(before)).toContain(`${name}: running`), {
        timeout: 20_000,
      });
    },
    apply: (instance, input, value) => host.apply(instance, input, { value, at: micros(0), owner: "manual" }),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

const wordsOf = (instance: string, { state, reason }: InstanceReport): string =>
  reason === undefined ? `${instance}: ${state}` : `${instance}: ${state}, ${reason}`;
