/** `interactor ledger`: how every message ended, a line a lane; what nobody accounts for stands out. */
import type { LedgerLane, LedgerResponse } from "@interactor/shared/wire/api";
import { sumOf } from "@interactor/shared/wire/ledger";
import { commandFault } from "./exit.ts";
import { fetchLedger, findHub, type HubOptions } from "./hub-client.ts";
import { painterFor, type Painter, printable, tableLines } from "./output.ts";

export interface LedgerOptions extends HubOptions {
  readonly json?: boolean;
  readonly check?: boolean;
  readonly color: boolean;
}

export async function runLedger(node: string | undefined, options: LedgerOptions): Promise<void> {
  const hub = await findHub(options, process.env);
  const ledger = await fetchLedger(hub, node);
  const painter = painterFor(process.stdout, options.color, process.env);
  const lines = options.json === true ? [JSON.stringify(ledger)] : ledgerLines(ledger, painter);
  process.stdout.write(`${lines.join("\n")}\n`);
  if (options.check === true && !ledger.balanced) {
    throw commandFault(
      "FAILED",
      "messages are missing that nobody accounts for: the lines above say of which node and lane",
    );
  }
}

const headings = [
  "NODE",
  "WAY",
  "LANE",
  "MADE",
  "ARRIVED",
  "WAITING",
  "TOO LATE",
  "REPLACED",
  "OVERFLOW",
  "REFUSED",
  "CRASHED",
  "MISSING",
  "GAPS",
  "TWICE",
];
const missingColumn = headings.indexOf("MISSING");
const gapsColumn = headings.indexOf("GAPS");
const crashedColumn = headings.indexOf("CRASHED");

export function ledgerLines(ledger: LedgerResponse, painter: Painter): readonly string[] {
  const rows = [
    ...ledger.nodes.flatMap(({ node, up, down }) => [
      ...up.filter(isUsed).map((lane) => rowOf(node, "to hub", lane)),
      ...down.filter(isUsed).map((lane) => rowOf(node, "from hub", lane)),
    ]),
    ...ledger.nowhere.filter(isUsed).map((lane) => rowOf("(nobody)", "from hub", lane)),
  ];
  if (rows.length === 0) return [`site ${printable(ledger.site)}: no message has passed yet`];
  const table = tableLines(headings, rows, (text, column, row) => {
    if (row < 0) return painter.faint(text);
    const isZero = text.trim() === "0";
    if (column === missingColumn || column === gapsColumn) return isZero ? text : painter.bad(text);
    return column === crashedColumn && !isZero ? painter.warn(text) : text;
  });
  const verdict = ledger.balanced
    ? painter.good("every message is accounted for")
    : painter.bad("messages are missing that nobody accounts for: this is a bug");
  return [...table, "", verdict, ...notes(ledger)];
}

const isUsed = ({ produced, taken, missed, unaccounted_at_most }: LedgerLane): boolean =>
  produced + taken + missed + unaccounted_at_most > 0;

function rowOf(node: string, way: string, lane: LedgerLane): readonly string[] {
  const { losses } = lane;
  const replaced = losses["evicted conflated"] ?? 0;
  const ended = (end: string) =>
    sumOf(Object.fromEntries(Object.entries(losses).filter(([kind]) => kind.startsWith(`${end} `))));
  const numbers = [
    lane.produced,
    lane.delivered,
    lane.queued,
    ended("expired"),
    replaced,
    ended("evicted") - replaced,
    ended("refused"),
    lane.unaccounted,
    lane.difference,
    lane.missed,
    lane.repeated,
  ];
  return [printable(node), way, lane.lane, ...numbers.map(String)];
}

/** What the columns cannot say: what nodes did not do, and how sure a crash's number is. */
function notes(ledger: LedgerResponse): readonly string[] {
  return ledger.nodes.flatMap(({ node, up, down }) => [
    ...up
      .filter((lane) => lane.unaccounted_at_most > lane.unaccounted)
      .map(
        (lane) =>
          `${printable(node)} ended suddenly: up to ${lane.unaccounted_at_most} messages of lane ${lane.lane} may be lost`,
      ),
    ...down.flatMap((lane) =>
      Object.entries(lane.refused_there ?? {}).map(
        ([kind, count]) => `${printable(node)} did not do ${count} of lane ${lane.lane}: ${printable(kind)}`,
      ),
    ),
  ]);
}
