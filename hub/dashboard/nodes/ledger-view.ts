/** How a node's messages ended, in the operator's words; what went well is not mentioned. */
import type { LedgerLane, NodeLedgerView } from "@interactor/shared/wire/api";

export interface LedgerLine {
  readonly way: string;
  readonly words: string;
  /** Something is gone that nobody meant to give up. */
  readonly isLoss: boolean;
}

export function ledgerLines(view: NodeLedgerView | undefined): LedgerLine[] {
  if (view === undefined) return [];
  return [lineOf("to the hub", view.up), lineOf("from the hub", view.down)].filter(
    ({ words }) => words !== "",
  );
}

function lineOf(way: string, lanes: readonly LedgerLane[]): LedgerLine {
  const total = (of: (lane: LedgerLane) => number) => lanes.reduce((sum, lane) => sum + of(lane), 0);
  const ended = (lane: LedgerLane, ...beginnings: readonly string[]) =>
    Object.entries({ ...lane.losses })
      .filter(([kind]) => beginnings.some((beginning) => kind.startsWith(beginning)))
      .reduce((sum, [, count]) => sum + count, 0);
  const there = (lane: LedgerLane, beginning: string) =>
    Object.entries(lane.refused_there ?? {})
      .filter(([kind]) => kind.startsWith(beginning))
      .reduce((sum, [, count]) => sum + count, 0);
  const lost = total(
    (lane) =>
      lane.difference + lane.missed + lane.unaccounted + ended(lane, "evicted overflow", "refused full"),
  );
  const late = total((lane) => ended(lane, "expired") + there(lane, "expired"));
  const replaced = total((lane) => ended(lane, "evicted conflated"));
  const refused = total(
    (lane) => ended(lane, "refused") - ended(lane, "refused full") + there(lane, "refused"),
  );
  const waiting = total((lane) => lane.queued);
  const parts: readonly (readonly [number, string])[] = [
    [lost, "lost"],
    [late, "too late"],
    [refused, "refused"],
    [replaced, "replaced by newer"],
    [waiting, "waiting"],
  ];
  const words = parts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : []));
  return { way, words: words.join(" · "), isLoss: lost > 0 };
}
