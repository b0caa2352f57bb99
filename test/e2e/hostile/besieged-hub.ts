// The hub as it is shipped, open to everybody and with its usual limits; and what may be asked of it while it is
// under attack: its memory, its counters, its log, and how well-behaved clients fare.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import {
  type FaultOutcome,
  faultOutcomeNames,
  faultOutcomes,
} from "../../../hub/src/core/registry/faults.ts";
import { riseBetween } from "../malformed-bench.ts";
import { type HubProgram, startHub } from "../programs.ts";
import { Remote } from "../remote.ts";
import type { BystanderPlan, BystanderReport, BystanderRequest } from "./bystanders.ts";
import { forgetPeak, peakBytes, residentBytes, settledBytes } from "./resident-memory.ts";

/** Little for a hub, and enough to see it stop. */
const pair: BystanderPlan = { subscribers: 1, qos: 1, perSecond: 500, payloadBytes: 100 };
/** What is on its way while nothing is wrong. */
const behindMax = 30;

/** Nobody needs a name, everybody may everything, and no limit is named: they are the usual ones. */
const openToAll = `accounts:
  - { name: everybody, password: everybody, clientIds: any, publish: any, subscribe: any }
anonymous: everybody
`;

/** What happened since the last time somebody asked. */
export interface Siege {
  /** Of what bystanders should have got, what came to the one that got least; 0 when one was cut. */
  readonly bystanderShare: number;
  /** The longest time in which one of them heard nothing, in milliseconds. */
  readonly pauseMax: number;
  /** Above what it had the last time, at its most. */
  readonly growth: number;
  /** How often each thing was done about clients, by reason. */
  readonly faults: Faults;
  /** How often clients or what they asked for were refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
}

type Faults = Readonly<Record<FaultOutcome, Readonly<Record<string, number>>>>;

/** Those that say no: who is only slowed, or loses what waited for it, is not refused. */
export const refusals: readonly FaultOutcome[] = ["cut", "turned-away", "subscription-refused"];

const mapOutcomes = (give: (outcome: FaultOutcome) => Readonly<Record<string, number>>): Faults =>
  // Every outcome is among its names.
  Object.fromEntries(faultOutcomeNames.map((outcome) => [outcome, give(outcome)])) as Faults;

const sumOf = (faults: readonly Readonly<Record<string, number>>[]): Record<string, number> => {
  const sum: Record<string, number> = {};
  for (const [reason, count] of faults.flatMap((each) => Object.entries(each)))
    sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
};

export class BesiegedHub implements AsyncDisposable {
  readonly program: HubProgram;
  readonly #bystanders: Remote;
  readonly #owned: AsyncDisposableStack;
  readonly #lines: string[] = [];
  #settled = 0;
  #before = 0;
  #faults = mapOutcomes(() => ({}));

  private constructor(program: HubProgram, bystanders: Remote, owned: AsyncDisposableStack) {
    this.program = program;
    this.#bystanders = bystanders;
    this.#owned = owned;
    program.process.stderr?.on("data", (chunk: Buffer) => this.#lines.push(chunk.toString()));
  }

  /** A hub that is up, with bystanders that have warmed it. */
  static async open(plan = pair): Promise<BesiegedHub> {
    await using undo = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "interactor-besieged-"));
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    const config = join(folder, "hub.yaml");
    await writeFile(config, openToAll);
    const program = undo.use(await startHub({ env: { INTERACTOR_CONFIG: config } }));
    const bystanders = undo.use(new Remote([process.execPath, join(import.meta.dirname, "bystanders.ts")]));
    const { http, mqtt } = program;
    const start: BystanderRequest = { kind: "start", target: { http, mqtt }, plan };
    await bystanders.ask(start);
    const hub = new BesiegedHub(program, bystanders, undo.move());
    hub.#settled = await settledBytes(program.pid);
    hub.#before = hub.#settled;
    const { bystanderShare } = await hub.look();
    // Otherwise every row would blame its attack.
    if (bystanderShare < 0.5)
      throw new Error(`bystanders are not served without an attack\n${program.log()}`);
    return hub;
  }

  /** Whether it is again as it was when it was opened, but for so many bytes. */
  async isAsBefore(bytes: number): Promise<boolean> {
    const isOurs = this.program.process.exitCode === null && this.program.process.signalCode === null;
    if (!isOurs || residentBytes(this.program.pid) - this.#settled > bytes) return false;
    return (await this.#ask()).behind < behindMax;
  }

  /** What happened since it was opened or looked at last. */
  async look(): Promise<Siege> {
    const report = await this.#ask();
    const faults = await this.#countFaults();
    const risen = mapOutcomes((outcome) => riseBetween(this.#faults[outcome], faults[outcome]));
    const siege: Siege = {
      bystanderShare: report.isConnected ? report.share : 0,
      pauseMax: report.pauseMax,
      growth: peakBytes(this.program.pid) - this.#before,
      faults: risen,
      refusals: sumOf(refusals.map((outcome) => risen[outcome])),
    };
    this.#faults = faults;
    this.#before = residentBytes(this.program.pid);
    forgetPeak(this.program.pid);
    return siege;
  }

  /** All it has logged. */
  get log(): string {
    return this.#lines.join("");
  }

  /** It lives, and nothing went wrong in it that it does not know. */
  expectSound(): void {
    expect(this.program.process.exitCode).toBeNull();
    expect(this.program.process.signalCode).toBeNull();
    expect(this.log).not.toMatch(/uncaught|unhandled|(Type|Range|Reference|Assertion)Error|^\s+at /im);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #ask(): Promise<BystanderReport> {
    return (await this.#bystanders.ask({ kind: "report" } satisfies BystanderRequest)) as BystanderReport;
  }

  /** An answer may take as long as an attack holds the hub up: then the bystanders' pause tells. */
  async #countFaults(): Promise<Faults> {
    const response = await fetch(`${this.program.http}/metrics`, { signal: AbortSignal.timeout(10_000) });
    const samples = [...(await response.text()).matchAll(/^(\w+)\{reason="([^"]*)"\} (\S+)$/gm)];
    return mapOutcomes((outcome) => {
      const wanted = `interactor_hub_${faultOutcomes[outcome].metric}_total`;
      const found = samples.filter(([, name]) => name === wanted);
      return Object.fromEntries(found.map(([, , reason = "", value]) => [reason, Number(value)]));
    });
  }
}
