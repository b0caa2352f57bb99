/** `interactor rollout …`: how revisions come to their nodes, and what people do with that. */
import type { RolloutView } from "@interactor/shared/wire/api-config";
import { actOnRollout, fetchRollout, fetchRollouts, type RolloutAction } from "./config-client.ts";
import { commandFault } from "./exit.ts";
import { findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import { formatSpan, painterFor, type Painter, printable } from "./output.ts";
import { headOf, rolloutPicture } from "./rollout-lines.ts";
import { whoAsks } from "./who-asks.ts";

export interface RolloutListOptions extends HubOptions {
  readonly json?: boolean;
  readonly color: boolean;
}

export interface ActOptions extends RolloutListOptions {
  readonly reason?: string;
  readonly takeBack?: boolean;
}

/** Lines of its log that are shown. */
const logShownMax = 20;

export async function runRolloutList(options: RolloutListOptions): Promise<void> {
  const rollouts = await fetchRollouts(await findHub(options, process.env));
  const none = "nothing was rolled out since the hub began; interactor config history";
  const lines = rollouts.length === 0 ? [none] : rollouts.map(headOf);
  print(options.json === true ? [JSON.stringify({ rollouts })] : lines);
}

export async function runRolloutShow(
  revision: number | undefined,
  options: RolloutListOptions,
): Promise<void> {
  const hub = await findHub(options, process.env);
  const view = await fetchRollout(hub, revision ?? (await newest(hub)));
  printView(view, options);
}

const defaultReasons: Readonly<Partial<Record<RolloutAction, string>>> = {
  pause: "paused at the command line",
  resume: "resumed at the command line",
  abort: "aborted at the command line",
};

export async function runRolloutAction(
  action: RolloutAction,
  revision: number | undefined,
  options: ActOptions,
): Promise<void> {
  const reason = options.reason ?? defaultReasons[action];
  if (reason === undefined) throw commandFault("USAGE", `rollout ${action} needs --reason: it is kept`);
  const hub = await findHub(options, process.env);
  const request = {
    by: whoAsks(),
    reason,
    ...(options.takeBack === true ? { take_back: true } : {}),
  };
  const view = await actOnRollout(hub, { revision: revision ?? (await newest(hub)), action }, request);
  printView(view, options);
}

async function newest(hub: HubAddress): Promise<number> {
  const [first] = await fetchRollouts(hub);
  if (first === undefined)
    throw commandFault(
      "NOT_FOUND",
      "nothing was rolled out since the hub began: `interactor config history` has the revisions",
    );
  return first.revision;
}

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join("\n")}\n`);

function printView(view: RolloutView, options: RolloutListOptions): void {
  const painter = painterFor(process.stdout, options.color, process.env);
  print(options.json === true ? [JSON.stringify(view)] : viewLines(view, painter));
}

export function viewLines(view: RolloutView, painter: Painter): readonly string[] {
  const log = view.log
    .slice(-logShownMax)
    .map(({ ago_ms, words }) => `${painter.faint(`${formatSpan(ago_ms)} ago`)}  ${printable(words)}`);
  return [...rolloutPicture(view, painter), ...(log.length === 0 ? [] : ["", ...log])];
}
