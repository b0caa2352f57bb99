/** What a revision would change, for people: thing by thing, and node by node what that means for it. */
import { changeLines } from "@interactor/shared/site/site-diff";
import type { PlanResponse } from "@interactor/shared/wire/api-config";
import { counted } from "./config-check.ts";
import { type Painter, printable } from "./output.ts";

type NodeChange = PlanResponse["nodes"][number];

export function planLines(plan: PlanResponse, painter: Painter): readonly string[] {
  const against = plan.base === 0 ? "the first revision" : `against revision ${plan.base}`;
  const head = `site ${printable(plan.site)}, ${against}:`;
  if (plan.unchanged) return [`${head} nothing changes`];
  const untouched =
    plan.untouched === 0
      ? []
      : [
          painter.faint(
            `${counted(plan.untouched, plan.nodes.length === 0 ? "node" : "other node")} untouched`,
          ),
        ];
  const nodes = [
    ...plan.nodes.flatMap((node) => [nodeLine(node, painter), ...askedLines(node, painter)]),
    ...hubLines(plan, painter),
  ];
  if (plan.changes.length === 0 && nodes.length > 0)
    return [`${head} nothing changes, but not all nodes came to it`, "", ...nodes, ...untouched];
  return [head, ...paintedChanges(plan.changes, painter), "", ...nodes, ...untouched];
}

/** As `config diff` shows them. */
export const paintedChanges = (
  changes: Parameters<typeof changeLines>[0],
  painter: Painter,
): readonly string[] =>
  changeLines(changes).map((line) => {
    const harmless = printable(line);
    if (harmless.startsWith("+")) return painter.good(harmless);
    return harmless.startsWith("-") ? painter.bad(harmless) : harmless;
  });

function nodeLine(change: NodeChange, painter: Painter): string {
  const { node, start, stop, restart, takeOver, reconfigure, routes, inputs, held, there } = change;
  const moved = movedNames(routes);
  // Of an instance that begins all of it is new.
  const isNew = (input: string): boolean => start.includes(input.slice(0, input.indexOf("/")));
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ["starts", start],
    ["stops", stop],
    ["restarts", restart],
    ["is taken over without a break:", takeOver],
    ["takes new settings, and goes on:", reconfigure],
    ["routes", moved],
    ["failsafe, stop or background of", inputs.filter((input) => !isNew(input))],
  ];
  const told = parts
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what} ${names.join(", ")}`);
  const line = printable(`node ${node}: ${told.join("; ") || "nothing of it restarts"}`);
  const away = there ? [] : [painter.warn("(away: it gets it when it is back)")];
  const waits = held === undefined ? [] : [painter.warn(`(waits: ${printable(held)})`)];
  return [line, ...away, ...waits].join(" ");
}

const movedNames = ({ added, removed, changed }: NodeChange["routes"]): readonly string[] => [
  ...added.map((name) => `+${name}`),
  ...removed.map((name) => `-${name}`),
  ...changed.map((name) => `~${name}`),
];

/** What the hub does itself waits apart from the nodes: a mode may allow these, and not those at the ends of a route. */
function hubLines({ hub }: PlanResponse, painter: Painter): readonly string[] {
  if (hub === undefined) return [];
  const moved = movedNames(hub.routes);
  const what =
    moved.length === 0 ? "groups, zones, scenes or modes" : `routes between nodes ${moved.join(", ")}`;
  const waits = hub.held === undefined ? [] : [painter.warn(`(waits: ${printable(hub.held)})`)];
  return [[printable(`the hub: ${what}`), ...waits].join(" ")];
}

/** What the site grants anew: it is the last moment at which somebody sees it. */
const askedLines = ({ asked = [] }: NodeChange, painter: Painter): readonly string[] =>
  asked.map(({ instance, asks }) =>
    painter.warn(printable(`    ${instance} may from now on use ${asks.join(", ")}`)),
  );

/** Nodes that a mode holds back: for them the revision waits. */
export const heldIn = ({ nodes }: PlanResponse): readonly NodeChange[] =>
  nodes.filter(({ held }) => held !== undefined);
