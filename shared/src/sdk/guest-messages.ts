/**
 * What an agent and a guest of it (a worker thread, a process in a sandbox) say to each other. Arrays, because those that
 * carry values are the hot path; all of it is plain data, for it may pass a pipe.
 */
import type { DeclaredPorts } from "../bundle/manifest.ts";
import type { Micros } from "../kernel/units.ts";
import type { Quality } from "../wire/entry.ts";
import type { InstanceMetrics } from "../wire/messages/measured.ts";
import type { Value } from "../wire/value.ts";
import type { Applied } from "./context.ts";
import type { Verdict } from "./define-module.ts";
import type { ServiceReply, ServiceRequest } from "./services.ts";

export interface GuestSetup {
  readonly site: string;
  readonly node: string;
}

/** What a guest is told of an instance. */
export interface GuestInstance {
  /** By which both sides speak of it: `runName` of the instance. */
  readonly name: string;
  /** The instance, where its run has another name. */
  readonly called?: string;
  readonly module: string;
  readonly settings: unknown;
}

/** The code that an instance runs, as it says itself of what was loaded. */
export interface LoadedCode {
  readonly module: string;
  readonly version: string;
}

export type InputChange = readonly [instance: string, input: string, applied: Applied | undefined];

export type ToGuest =
  /** What one event brought: applied together, so that one look leaves as one frame. */
  | readonly [kind: "inputs", changes: readonly InputChange[]]
  | readonly [kind: "start", instance: GuestInstance]
  /** Each of these is answered by `answer` with its number. */
  | readonly [kind: "prepare", question: number, instance: GuestInstance]
  | readonly [kind: "reconfigure", question: number, instance: GuestInstance]
  | readonly [kind: "self-test", question: number, instance: string]
  /** Once all is done that its inputs were told before, also what they only began. */
  | readonly [kind: "finish", question: number, instance: string]
  /** `next`: what starts in its place at once. Without: it goes for good. */
  | readonly [kind: "end", question: number, instance: string, next?: GuestInstance]
  /** The answer to `ask`; what came over a connection; that it is closed. */
  | readonly [kind: "told", instance: string, question: number, reply: ServiceReply]
  | readonly [kind: "came", instance: string, line: number, bytes: Uint8Array]
  | readonly [kind: "closed", instance: string, line: number, reason: string]
  /** Answered by `pong` at once: the guest takes what it is sent. */
  | readonly [kind: "ping"]
  | readonly [kind: "stop"];

export type LogLevel = "info" | "warn" | "error";

export type FromGuest =
  | readonly [
      kind: "output",
      instance: string,
      output: string,
      value: Value,
      at: Micros,
      quality: Quality,
      isUnsynchronised: boolean,
    ]
  | readonly [kind: "declared", instance: string, ports: DeclaredPorts, code: LoadedCode]
  | readonly [kind: "started", instance: string]
  | readonly [kind: "running", instance: string]
  | readonly [kind: "degraded" | "waiting", instance: string, reason: string]
  /** It did not start. `stack`: where that was, as far as it is known. */
  | readonly [kind: "failed", instance: string, reason: string, stack?: string]
  | readonly [
      kind: "log",
      instance: string,
      level: LogLevel,
      message: string,
      details: Readonly<Record<string, unknown>> | undefined,
    ]
  /** What it measures of itself, all of it. */
  | readonly [kind: "metrics", instance: string, metrics: InstanceMetrics]
  | readonly [kind: "answer", question: number, verdict: Verdict]
  | readonly [kind: "ask", instance: string, question: number, request: ServiceRequest]
  /** So many bytes of a connection were looked at; it shall be closed. */
  | readonly [kind: "taken", instance: string, line: number, bytes: number]
  | readonly [kind: "hang-up", instance: string, line: number]
  | readonly [kind: "pong"]
  /** Every instance has ended; the guest may be ended too. */
  | readonly [kind: "stopped"];
