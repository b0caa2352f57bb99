/** `interactor nodes`: the nodes of the site and how they are. */
import { setTimeout as wait } from "node:timers/promises";
import type { NodesResponse, NodeView } from "@interactor/shared/wire/api";
import { sceneInstance } from "@interactor/shared/wire/names";
import { instanceState, instanceWords, isHere } from "@interactor/shared/wire/node-state";
import { fetchNodes, findHub, type HubOptions, isUnreachable } from "./hub-client.ts";
import { latchWords } from "./latch-words.ts";
import { formatAge, formatSpan, painterFor, type Painter, printable, tableLines } from "./output.ts";

type NodesFormat = "table" | "wide" | "json";

export interface NodesOptions extends HubOptions {
  readonly output: NodesFormat;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly color: boolean;
}

const watchInterval = 1000; // ms
/** A node's own clock that is off by less is no news; in ms. */
const ownClockTold = 1000;

export async function runNodes(options: NodesOptions, signal: AbortSignal): Promise<void> {
  const format = options.json === true ? "json" : options.output;
  const painter = painterFor(process.stdout, options.color, process.env);
  const hub = await findHub(options, process.env);
  const show = async () => {
    const answer = await fetchNodes(hub);
    print(linesOf(answer, { format, painter, now: new Date() }), options.watch === true && format !== "json");
  };
  await show();
  while (options.watch === true) {
    await wait(watchInterval, undefined, { signal });
    try {
      await show();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      print(["the hub does not answer; trying again"], true);
    }
  }
}

function print(lines: readonly string[], isFresh: boolean): void {
  // On a terminal the table stays in its place: cursor home, and everything below it cleared.
  const start = isFresh && process.stdout.isTTY ? "\x1b[H\x1b[J" : "";
  process.stdout.write(`${start}${lines.join("\n")}\n`);
}

export interface NodesView {
  readonly format: NodesFormat;
  readonly painter: Painter;
  readonly now: Date;
}

export function linesOf(answer: NodesResponse, { format, painter, now }: NodesView): readonly string[] {
  if (format === "json") return [JSON.stringify(answer)];
  const stops = stopLines(answer, now).map((line) => painter.bad(line));
  if (answer.nodes.length === 0) return [...stops, `site ${answer.site} has no nodes yet: start an agent`];
  const isWide = format === "wide";
  const headings = ["NODE", "STATE", "LAST SEEN", "UNIT", "VERSION", "INSTANCES"];
  const wideHeadings = [
    ...headings.slice(0, -1),
    "REVISION",
    "QUEUED",
    "ROUTES",
    "OWNED",
    "CLOCK",
    "SINCE",
    "LACKS",
    "INSTANCES",
    "WHY",
  ];
  const nodes = answer.nodes.toSorted((left, right) => left.node.localeCompare(right.node));
  const rows = nodes.map((node) => {
    const cells = [
      node.node,
      stateCell(node),
      formatAge(new Date(node.last_seen), now),
      node.unit,
      node.agent_version,
    ];
    const since = formatAge(new Date(node.since), now);
    const why = node.state === "ready" ? "" : whyCell(node, now);
    const wide = isWide ? [...wideCells(node), clockCell(node), since, lacksCell(node)] : [];
    return [...cells, ...wide, instancesCell(node, isWide), ...(isWide ? [why] : [])].map(printable);
  });
  const table = tableLines(isWide ? wideHeadings : headings, rows, (text, column, row) => {
    if (row < 0) return painter.faint(text);
    return column === 1 ? paintState(nodes[row], text, painter) : text;
  });
  return [...stops, ...table];
}

/** A line for each latch, and one for each node that is held by its own. */
function stopLines({ stop, nodes }: NodesResponse, now: Date): readonly string[] {
  const own = nodes.flatMap(({ node, stop }) =>
    (stop?.latches ?? []).filter(({ local }) => local).map((latch) => ({ ...latch, zone: `node ${node}` })),
  );
  return [...(stop?.latches ?? []), ...own].map((latch) => `SHOW STOP: ${latchWords(latch, now)}`);
}

const stateCell = ({ state, stop }: NodeView): string => (stop === undefined ? state : `${state}, STOPPED`);

function wideCells(node: NodeView): readonly string[] {
  const routes = Object.values(node.routes);
  const failing = routes.filter(({ error }) => error !== undefined).length;
  return [
    `${node.revision}${node.converged ? "" : " (behind)"}`,
    String(node.queued),
    `${routes.length}${failing > 0 ? ` (${failing} failing)` : ""}`,
    String(Object.keys(node.owners).length),
  ];
}

/** How far the node's own clock is off, and how well it knows the site's. */
function clockCell({ clock }: NodeView): string {
  if (clock === undefined) return "";
  if (!clock.synchronised || clock.offset_ms === null || clock.error_ms === null) return "not known";
  const own = Math.abs(clock.offset_ms);
  const words =
    own < ownClockTold ? "" : `own ${formatSpan(own)} ${clock.offset_ms > 0 ? "behind" : "ahead"}, `;
  return `${words}±${clock.error_ms.toFixed(1)} ms`;
}

/** What its machine cannot: `interactor doctor --node` says more. */
const lacksCell = ({ machine = [] }: NodeView): string => machine.map(({ check }) => check).join(", ");

function whyCell({ reasons, sleeping_until: until }: NodeView, now: Date): string {
  const left = until === undefined ? 0 : new Date(until).getTime() - now.getTime();
  return [...reasons, ...(left > 0 ? [`back in ${formatSpan(left)}`] : [])].join("; ");
}

/**
 * Each with its state; the wide table adds the module and, of what is not well, why. How the instances of a
 * node are that is not there, nobody knows.
 */
function instancesCell(node: NodeView, isWide: boolean): string {
  const instances = Object.entries(node.instances)
    // It is nobody's, and there is nothing to say of it.
    .filter(([name]) => name !== sceneInstance)
    .toSorted(([left], [right]) => left.localeCompare(right));
  const words = instances.map(([name, report]) => {
    const title = isWide ? `${name} (${report.module})` : name;
    if (!isHere(node.state)) return title;
    return `${title} ${isWide ? instanceWords(report) : instanceState(report)}`;
  });
  return words.length === 0 ? "none" : words.join(", ");
}

function paintState(node: NodeView | undefined, text: string, painter: Painter): string {
  const state = node?.state;
  if (node?.stop !== undefined) return painter.bad(text);
  if (state === "ready") return painter.good(text);
  return state === "lost" ? painter.bad(text) : painter.warn(text);
}
