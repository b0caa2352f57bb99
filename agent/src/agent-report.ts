/** Says on `reported` what a node runs and how it is, whenever there is something to say. */
import type { Instant } from "@interactor/shared/kernel/units";
import type { Desired } from "@interactor/shared/wire/messages/desired";
import { type InstanceReport, type StopReport } from "@interactor/shared/wire/messages/reported";
import type { AgentClock } from "./agent-clock.ts";
import type { Outbox } from "./core/outbox/outbox.ts";
import type { Report } from "./core/report/report.ts";
import type { Switchboard } from "./core/switchboard/switchboard.ts";
import type { Log } from "./ports/log.ts";
import type { ModuleHost } from "./ports/module-host.ts";
import type { Spool } from "./ports/spool.ts";

export interface ReportParts {
  readonly report: Report;
  readonly clock: AgentClock;
  readonly outbox: Outbox;
  readonly switchboard: Switchboard;
  readonly world: { readonly spool?: Spool; readonly log: Log };
  readonly modules: () => Pick<ModuleHost, "problem">;
  /** `undefined`: no show stop holds the node. */
  readonly stop: () => StopReport | undefined;
}

export class AgentReport {
  readonly #parts: ReportParts;

  constructor(parts: ReportParts) {
    this.#parts = parts;
  }

  /** Publishes when it is time to. Returns when it is next. */
  pump(
    { revision, digest }: Pick<Desired, "revision" | "digest">,
    at: Instant,
    publish: (document: Uint8Array) => void,
  ): Instant {
    const { report, clock, outbox, switchboard, stop, modules } = this.#parts;
    const { log, spool } = this.#parts.world;
    report.problem("outbox", outbox.isCriticalFull ? "its outbox is full of critical messages" : undefined);
    report.problem("spool", spool?.problem);
    report.problem("modules", modules().problem);
    if (report.isDue(at)) {
      const { routes } = switchboard;
      const owners = switchboard.ownersBesideStop();
      const running = { revision, digest, owners, routes, clock: clock.report(), stop: stop() };
      const document = report.document(running, at);
      if (document === undefined) log.error("the report is larger than a message may be and is not sent");
      else publish(document);
    }
    return report.dueAt(at);
  }

  instance(instance: string, state: InstanceReport): void {
    const { report } = this.#parts;
    const { log } = this.#parts.world;
    report.instance(instance, state);
    const details = { instance, ...state };
    if (state.state === "failed" || state.state === "waiting") {
      log.warn(`instance ${instance} is ${state.state}: ${state.reason ?? ""}`, details);
    } else {
      log.info(`instance ${instance} is ${state.state}`, details);
    }
  }
}
