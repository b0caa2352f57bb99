/** `interactor config plan`: what a site file would change, asked of the hub and done by nobody. */
import type { PlanResponse } from "@interactor/shared/wire/api-config";
import { fetchPlan } from "./config-client.ts";
import { exitCode } from "./exit.ts";
import { findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import { painterFor } from "./output.ts";
import { planLines } from "./plan-lines.ts";
import { filesOf, refused } from "./site-payload.ts";

export interface PlanOptions extends HubOptions {
  readonly json?: boolean;
  readonly exitCode?: boolean;
  /** A recording. */
  readonly against?: string;
  readonly color: boolean;
}

export async function runPlan(file: string, options: PlanOptions): Promise<void> {
  const hub = await findHub(options, process.env);
  const plan = await planOf(hub, file, options);
  const painter = painterFor(process.stdout, options.color, process.env);
  if (options.against !== undefined) {
    const { runDryRun } = await import("./dry-run.ts");
    await runDryRun({ hub, file, plan, recording: options.against }, options);
  } else if (options.json === true) process.stdout.write(`${JSON.stringify(plan)}\n`);
  else process.stdout.write(`${planLines(plan, painter).join("\n")}\n`);
  // As with other programs that compare: 1 says that there is a difference.
  if (options.exitCode === true && !plan.unchanged) process.exitCode = exitCode.failed;
}

/** The plan; a Fault, once everything that is wrong with the files has been told. */
async function planOf(
  hub: HubAddress,
  file: string,
  options: Pick<PlanOptions, "json" | "color">,
): Promise<PlanResponse> {
  const judged = await fetchPlan(hub, filesOf(file));
  return judged.kind === "right" ? judged.answer : refused(file, judged.failure, options);
}
