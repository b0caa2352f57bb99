/** What the agent says of itself to the people who run the site. */
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { Log } from "./ports/log.ts";

/** How an instance is now: what needs somebody is a warning. */
export function logInstance(log: Log, instance: string, report: InstanceReport): void {
  const details = { instance, ...report };
  if (report.state === "failed" || report.state === "waiting") {
    log.warn(`instance ${instance} is ${report.state}: ${report.reason ?? ""}`, details);
  } else {
    log.info(`instance ${instance} is ${report.state}`, details);
  }
}
