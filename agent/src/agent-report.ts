/** Says on `reported` what a node runs and how it is, whenever there is something to say. */
import { between, type Instant, instant, seconds } from "@interactor/shared/kernel/units";
import {
  type ApplyReport,
  type InstanceReport,
  type StopReport,
} from "@interactor/shared/wire/messages/reported";
import { instanceState, instanceWords } from "@interactor/shared/wire/node-state";
import type { AgentClock } from "./agent-clock.ts";
import type { Content, Phase } from "./core/apply/apply-state.ts";
import type { Outbox } from "./core/outbox/outbox.ts";
import type { Report } from "./core/report/report.ts";
import type { Switchboard } from "./core/switchboard/switchboard.ts";
import { transferState } from "./core/transfer/transfer-state.ts";
import type { FileProgress, HubFiles } from "./ports/hub-files.ts";
import type { Log } from "./ports/log.ts";
import type { AgentWorld } from "./agent-world.ts";
import type { InstanceSpec, ModuleHost } from "./ports/module-host.ts";
import type { Spool } from "./ports/spool.ts";

export interface ReportParts {
  readonly report: Report;
  readonly clock: AgentClock;
  readonly outbox: Outbox;
  readonly switchboard: Switchboard;
  readonly world: {
    readonly spool?: Spool;
    readonly log: Log;
    /** How far what is on its way has come. */
    readonly files?: Pick<HubFiles, "progress">;
  } & Pick<AgentWorld, "machine" | "devices">;
  readonly modules: () => Pick<ModuleHost, "problem"> & { readonly specs: Iterable<InstanceSpec> };
  /** `undefined`: no show stop holds the node. */
  readonly stop: () => StopReport | undefined;
  /** What runs, and what the node is on its way to. */
  readonly apply: () => { readonly runs: Content | undefined; readonly phase: Phase };
}

export class AgentReport {
  readonly #parts: ReportParts;
  #saidPhase = "";
  #toldProgressAt: Instant = instant(Number.NEGATIVE_INFINITY);

  constructor(parts: ReportParts) {
    this.#parts = parts;
  }

  /** Publishes when it is time to. Returns when it is next. */
  pump(at: Instant, publish: (document: Uint8Array) => void): Instant {
    const { report, clock, outbox, switchboard, stop, modules } = this.#parts;
    const { log, spool, files, machine, devices } = this.#parts.world;
    if (files?.progress !== undefined && between(this.#toldProgressAt, at) >= progressInterval) {
      this.#toldProgressAt = at;
      report.changed();
    }
    report.problem("outbox", outbox.isCriticalFull ? "its outbox is full of critical messages" : undefined);
    report.problem("spool", spool?.problem);
    report.problem("modules", modules().problem);
    if (report.isDue(at)) {
      const { routes } = switchboard;
      const owners = switchboard.ownersBesideStop();
      const { runs, phase } = this.#parts.apply();
      const { revision, digest } = runs ?? nothing;
      const apply = { ...applyReportOf(phase), ...transferOf(phase, files?.progress) };
      const running = {
        revision,
        digest,
        apply,
        owners,
        routes,
        clock: clock.report(),
        stop: stop(),
        machine: machine?.(modules().specs),
        devices: devices?.(),
      };
      const document = report.document(running, at);
      if (document === undefined) log.error("the report is larger than a message may be and is not sent");
      else publish(document);
    }
    return report.dueAt(at);
  }

  /** The node is elsewhere on its way to a revision. */
  phase(phase: Phase): void {
    const { report } = this.#parts;
    const { log } = this.#parts.world;
    const said = applyReportOf(phase);
    // That more of a file has come changes only how long is waited for the rest.
    if (JSON.stringify(said) === this.#saidPhase) return;
    this.#saidPhase = JSON.stringify(said);
    const { revision, phase: words, ...why } = said;
    // Nobody waits for it any more, as one does who brings a revision: it is told until the next one comes.
    const isLoop = phase.kind === "rolled-back" && phase.code === "CRASH_LOOP";
    report.problem("revision", isLoop ? `revision ${revision} was taken back: ${phase.reason}` : undefined);
    const isBad = phase.kind === "rejected" || phase.kind === "going-back" || phase.kind === "rolled-back";
    log[isBad ? "warn" : "info"](`revision ${revision}: ${words}`, { revision, ...why });
    report.changed();
  }

  forget(instance: string): void {
    const { report } = this.#parts;
    report.forget(instance);
    report.problem(`version of ${instance}`, undefined);
  }

  /** What is wrong with the code of an instance, in words for people. */
  version(instance: string, words: string | undefined): void {
    this.#parts.report.problem(`version of ${instance}`, words);
  }

  instance(instance: string, state: InstanceReport): void {
    const { report } = this.#parts;
    const { log } = this.#parts.world;
    report.instance(instance, state);
    const details = { instance, ...state };
    const isIll = ["degraded", "failed", "waiting"].includes(instanceState(state));
    log[isIll ? "warn" : "info"](`instance ${instance} is ${instanceWords(state)}`, details);
  }
}

const nothing: Content = { revision: 0, digest: "" };

/** How far a file is is told so often: the line that tells it is the one that it comes over. */
const progressInterval = seconds(2);

function transferOf(phase: Phase, progress: FileProgress | undefined): Pick<ApplyReport, "transfer"> {
  const state = transferState(phase.kind);
  if (state === undefined) return {};
  const { bytes, total } = state === "downloading" && progress !== undefined ? progress : {};
  return {
    transfer: { state, ...(bytes !== undefined && { bytes }), ...(total !== undefined && { total }) },
  };
}

function applyReportOf(phase: Phase): ApplyReport {
  const { revision, digest } = phase.kind === "idle" ? nothing : phase.target;
  const why = "code" in phase ? { code: phase.code, reason: phase.reason } : {};
  return { revision, digest, phase: phase.kind, ...why };
}
