/** `interactor log`: what the modules of a node log, a line as it comes. */
import type { LogLineView, LogRequest } from "@interactor/shared/wire/api-log";
import { isName } from "@interactor/shared/wire/names";
import { isHere } from "@interactor/shared/wire/node-state";
import { commandFault } from "./exit.ts";
import { fetchNodes, findHub, type HubAddress, type HubOptions } from "./hub-client.ts";
import { followLog, logLine } from "./log-follow.ts";
import { painterFor, printable } from "./output.ts";

export interface LogOptions extends HubOptions {
  readonly json?: boolean;
  readonly count?: number;
  /** ms */
  readonly timeout?: number;
  readonly color: boolean;
}

/** Ends as `interactor tap` does: a timeout is a failure only for somebody who waits for a number of lines. */
export async function runLog(place: string, options: LogOptions, signal: AbortSignal): Promise<void> {
  const wanted = wantedOf(place);
  const hub = await findHub(options, process.env);
  await mustBeThere(hub, wanted);
  const painter = painterFor(process.stdout, options.color, process.env);
  const over = new AbortController();
  const { count = Number.POSITIVE_INFINITY, timeout } = options;
  let seen = 0;
  const line = (each: LogLineView): void => {
    if (seen >= count) return;
    seen += 1;
    const text =
      options.json === true ? JSON.stringify({ node: wanted.node, ...each }) : logLine(each, painter);
    process.stdout.write(`${text}\n`);
    if (seen >= count) over.abort();
  };
  const timer = timeout === undefined ? undefined : setTimeout(() => over.abort(), timeout);
  process.stderr.write(`what ${place} logs from now on; Ctrl-C ends it\n`);
  try {
    const told = (words: string): void => void process.stderr.write(`interactor log: ${printable(words)}\n`);
    await followLog(hub, wanted, { line, told }, AbortSignal.any([signal, over.signal]));
    signal.throwIfAborted();
  } finally {
    clearTimeout(timer);
  }
  if (options.count !== undefined && seen < options.count)
    throw commandFault("TIMEOUT", `${seen} of ${options.count} lines in time`);
}

function wantedOf(place: string): LogRequest {
  const [node = "", instance, ...more] = place.split("/");
  if (isName(node) && (instance === undefined || isName(instance)) && more.length === 0)
    return instance === undefined ? { node } : { node, instance };
  throw commandFault("USAGE", printable(`"${place}": write a node, or node/instance`));
}

async function mustBeThere(hub: HubAddress, { node, instance }: LogRequest): Promise<void> {
  const { nodes } = await fetchNodes(hub);
  const view = nodes.find((each) => each.node === node);
  if (view === undefined) {
    const known = nodes.map((each) => each.node).join(", ") || "none";
    throw commandFault("NOT_FOUND", printable(`there is no node "${node}": there are ${known}`));
  }
  if (!isHere(view.state)) throw commandFault("FAILED", `${node} is ${view.state}`);
  if (instance === undefined || view.instances[instance] !== undefined) return;
  const known = Object.keys(view.instances).join(", ") || "nothing";
  throw commandFault("NOT_FOUND", printable(`${node} has no instance "${instance}": it runs ${known}`));
}
