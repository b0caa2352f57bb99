/** What agent and worker say to each other. The two that carry values are arrays: they are the hot path. */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import type { Micros } from "@interactor/shared/kernel/units";
import type { Applied } from "@interactor/shared/sdk/context";
import type { Quality } from "@interactor/shared/wire/entry";
import type { Value } from "@interactor/shared/wire/value";
import type { InstanceSpec } from "../../ports/module-host.ts";

export interface WorkerSetup {
  readonly site: string;
  readonly node: string;
}

export type InputChange = readonly [instance: string, input: string, applied: Applied | undefined];

export type ToWorker =
  /** What one event brought: applied together, so that one look leaves as one frame. */
  | readonly [kind: "inputs", changes: readonly InputChange[]]
  | readonly [kind: "start", instance: InstanceSpec]
  /** Answered by `pong` at once: the worker takes what it is sent. */
  | readonly [kind: "ping"]
  | readonly [kind: "stop"];

export type FromWorker =
  | readonly [
      kind: "output",
      instance: string,
      output: string,
      value: Value,
      at: Micros,
      quality: Quality,
      isUnsynchronised: boolean,
    ]
  | readonly [kind: "declared", instance: string, ports: DeclaredPorts]
  | readonly [kind: "started", instance: string]
  | readonly [kind: "running", instance: string]
  | readonly [kind: "waiting", instance: string, reason: string]
  | readonly [kind: "failed", instance: string, reason: string]
  | readonly [
      kind: "log",
      instance: string,
      level: "info" | "warn" | "error",
      message: string,
      details: Readonly<Record<string, unknown>> | undefined,
    ]
  | readonly [kind: "pong"]
  /** Every instance has ended; the worker may be terminated. */
  | readonly [kind: "stopped"];
