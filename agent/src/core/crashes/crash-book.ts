/**
 * The crash reports of a node: one for each kind of crash, the last of each kept, and those told to the hub that it does
 * not have. A crash that comes again is counted in its report and told again, no more often than any other.
 */
import { type Instant, instant, later, type Micros, seconds } from "@interactor/shared/kernel/units";
import {
  type CrashCause,
  crashBytesMax,
  crashInstancesMax,
  crashMessageLength,
  crashMessagesMax,
  crashReasonLength,
  type CrashReport,
  crashStackLength,
  encodeCrashReport,
} from "@interactor/shared/wire/messages/crash";
import { nameLengthMax } from "@interactor/shared/wire/limits";

/** Reports of one node. More: the one that happened longest ago is evicted. */
export const crashesMax = 32;
/** The same in bytes. */
export const crashesBytesMax = 192 * 1024;
/** Between two reports on their way to the hub: 20 KB every 5 s leave a slow line to what is urgent. */
export const crashInterval = seconds(5);

/** How a guest ended, as its keeper knows it. */
export interface Death {
  readonly guest: CrashReport["guest"];
  readonly cause: CrashCause;
  readonly reason: string;
  readonly instances: CrashReport["instances"];
  readonly stack: string;
  readonly told: readonly string[];
  readonly said: readonly string[];
  readonly upMs: number;
  readonly restarts: number;
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
  readonly memory?: number | undefined;
  readonly cpuMs?: number | undefined;
}

export interface CrashBookOptions {
  readonly node: string;
  readonly agentVersion: string;
  /** A digest, of 16 hex digits and more. */
  readonly digestOf: (text: string) => string;
  /** The text without what is secret. */
  readonly without: (text: string) => string;
}

export interface Kept {
  readonly report: CrashReport;
  readonly evicted: readonly string[];
}

interface Page {
  readonly report: CrashReport;
  readonly bytes: Uint8Array;
  /** How often it had happened when the hub was told; 0: it was not. */
  told: number;
}

export class CrashBook {
  readonly #options: CrashBookOptions;
  /** By id, the one that happened last at the end. */
  readonly #pages = new Map<string, Page>();
  #underway: { readonly id: string; readonly times: number } | undefined;
  #sentAt: Instant = instant(Number.NEGATIVE_INFINITY);

  constructor(options: CrashBookOptions) {
    this.#options = options;
  }

  /** What earlier lives left. The hub is told again: it may be another one. Returns the ids of those that are too many. */
  load(reports: readonly CrashReport[]): readonly string[] {
    for (const report of reports.toSorted((left, right) => left.lastAt - right.lastAt)) this.#put(report, 0);
    return this.#evict();
  }

  /** What is to be kept of it, and what goes for it. */
  died(death: Death, at: Micros, isUnsynchronised: boolean): Kept {
    const fresh = this.#reportOf(death, at, isUnsynchronised);
    const known = this.#pages.get(fresh.id);
    const report =
      known === undefined
        ? fresh
        : { ...fresh, firstAt: known.report.firstAt, times: known.report.times + 1 };
    this.#put(report, known?.told ?? 0);
    return { report, evicted: this.#evict() };
  }

  /** What goes to the hub now; else when to ask again. `undefined`: there is nothing to send, or one is on its way. */
  next(at: Instant): { readonly bytes: Uint8Array } | { readonly due: Instant } | undefined {
    if (this.#underway !== undefined) return undefined;
    const page = [...this.#pages.values()].find(({ report, told }) => told < report.times);
    if (page === undefined) return undefined;
    const due = later(this.#sentAt, crashInterval);
    if (due > at) return { due };
    this.#sentAt = at;
    this.#underway = { id: page.report.id, times: page.report.times };
    return { bytes: page.bytes };
  }

  /** The hub has the one that was on its way. */
  confirmed(): void {
    const page = this.#underway === undefined ? undefined : this.#pages.get(this.#underway.id);
    if (page !== undefined && this.#underway !== undefined) page.told = this.#underway.times;
    this.#underway = undefined;
  }

  /** What was on its way may have been lost. */
  disconnected(): void {
    this.#underway = undefined;
  }

  #put(report: CrashReport, told: number): void {
    this.#pages.delete(report.id);
    this.#pages.set(report.id, { report, bytes: encodeCrashReport(report), told });
  }

  #evict(): readonly string[] {
    const evicted: string[] = [];
    let bytes = 0;
    for (const page of this.#pages.values()) bytes += page.bytes.length;
    for (const [id, page] of this.#pages) {
      if (this.#pages.size <= crashesMax && bytes <= crashesBytesMax) break;
      bytes -= page.bytes.length;
      this.#pages.delete(id);
      evicted.push(id);
    }
    return evicted;
  }

  #reportOf(death: Death, at: Micros, isUnsynchronised: boolean): CrashReport {
    const { node, agentVersion, digestOf, without } = this.#options;
    const told = (text: string, length: number): string => cut(without(text), length);
    const { guest, cause, code, signal, memory, cpuMs, upMs, restarts } = death;
    const reason = told(death.reason, crashReasonLength);
    const stack = told(death.stack, crashStackLength);
    const instances = death.instances
      .slice(0, crashInstancesMax)
      .map(({ instance, module, version, digest }) => ({
        instance,
        module: cut(module, nameLengthMax),
        version: cut(version, nameLengthMax),
        digest,
      }));
    const who = instances.map(({ instance, version, digest }) => [instance, version, digest]);
    const report = {
      v: 1,
      kind: "crash",
      id: digestOf(
        JSON.stringify([node, agentVersion, guest, cause, who, alike(reason), framesOf(stack)]),
      ).slice(0, 16),
      guest,
      cause,
      reason,
      instances,
      stack,
      told: death.told.slice(-crashMessagesMax).map((each) => told(each, crashMessageLength)),
      said: death.said.slice(-crashMessagesMax).map((each) => told(each, crashMessageLength)),
      ...(code === undefined ? {} : { code }),
      ...(signal === undefined ? {} : { signal: cut(signal, crashMessageLength) }),
      ...(memory === undefined ? {} : { memory: Math.max(Math.round(memory), 0) }),
      ...(cpuMs === undefined ? {} : { cpuMs: Math.max(Math.round(cpuMs), 0) }),
      upMs,
      restarts,
      times: 1,
      firstAt: at,
      lastAt: at,
      isUnsynchronised,
      agentVersion,
    } as const satisfies CrashReport;
    return encodeCrashReport(report).length <= crashBytesMax ? report : { ...report, told: [], said: [] };
  }
}

/** Two of one kind differ in what they counted or measured. */
const alike = (text: string): string => text.replaceAll(/\d+/g, "#");

/** Where it was; who had called that does not make it another crash. */
const framesMax = 3;
const framesOf = (stack: string): readonly string[] =>
  stack
    .split("\n")
    .filter((line) => /^\s*at /.test(line))
    .slice(0, framesMax);

export const cut = (text: string, length: number): string =>
  (text.length <= length ? text : `${text.slice(0, length - 1)}…`).toWellFormed();
