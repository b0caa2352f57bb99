/** The show stop in words: what holds, how many nodes have stopped, and who has not said so. */
import { isHere } from "@interactor/shared/wire/node-state";
import { everyZone, type ZoneLatch } from "@interactor/shared/wire/messages/stop";
import { ageText } from "../format/age.ts";
import type { Stops } from "../live/live.ts";
import { type Nodes, type NodeRecord, nodeState } from "../live/node-record.ts";

export interface StopLine {
  /** The zone whose release ends it. */
  readonly zone: string;
  /** Where it holds: the zone, or one node. */
  readonly where: string;
  readonly by: string;
  /** Further latches in the same place. */
  readonly more: number;
  /** µs since 1970 by the site's clock. */
  readonly at: number;
  /** What a release lets go of. */
  readonly ids: readonly string[];
  readonly stopped: number;
  readonly expected: number;
  /** Nodes that are there and do not say that they have stopped. */
  readonly silent: readonly string[];
  /** Nodes that are not there: they stop when they are back, and are not waited for. */
  readonly away: readonly string[];
}

/** A line for each zone that is stopped, and for each node that is held by its own latch. */
export function stopLines(stops: Stops, nodes: Nodes): StopLine[] {
  const zones = [...stops].flatMap(([zone, { latched, latches = [], by, at }]) => {
    if (!latched) return [];
    const first = latches[0] ?? { by, at };
    const concerned = [...nodes.values()].filter((record) => isIn(record, zone));
    const there = concerned.filter(isThere);
    const ids = latches.map(({ id }) => id);
    const isStopped = (record: NodeRecord) => heldBy(record).some((latch) => ids.includes(latch.id));
    const silent = there.filter((record) => !isStopped(record)).map(({ name }) => name);
    const away = concerned.filter((record) => !isThere(record)).map(({ name }) => name);
    return [
      {
        zone,
        where: zone,
        by: first.by,
        at: first.at,
        more: Math.max(latches.length - 1, 0),
        ids,
        stopped: there.length - silent.length,
        expected: there.length,
        silent,
        away,
      },
    ];
  });
  return [...zones, ...ownLines(stops, nodes)];
}

/** What a node holds alone: by its own latch, or by one that the hub does not know. */
function ownLines(stops: Stops, nodes: Nodes): StopLine[] {
  const isKnown = ({ zone, id }: ZoneLatch): boolean => {
    const { latches = [], released = [] } = stops.get(zone) ?? {};
    return released.includes(id) || latches.some((latch) => latch.id === id);
  };
  return [...nodes.values()].flatMap((record) => {
    const own = heldBy(record).filter((latch) => latch.local === true || !isKnown(latch));
    const first = own[0];
    if (first === undefined) return [];
    const { zone, by, at } = first;
    const ids = own.map(({ id }) => id);
    return [
      {
        zone,
        where: `node ${record.name}`,
        by,
        at,
        more: own.length - 1,
        ids,
        stopped: 1,
        expected: 1,
        silent: [],
        away: [],
      },
    ];
  });
}

/** Zones that can be stopped: the one of all first. */
export function zonesOf(nodes: Nodes, stops: Stops): readonly string[] {
  const named = new Set([...nodes.values()].flatMap(({ birth }) => birth?.zones ?? []));
  for (const zone of stops.keys()) named.add(zone);
  named.delete(everyZone);
  return [everyZone, ...[...named].toSorted()];
}

/** `now` in ms of the site's clock. Without the hub the page tells what it heard last, and that it hears no more. */
export function lineText(
  { where, by, more, at, stopped, expected }: StopLine,
  now: number,
  isHubConnected: boolean,
): string {
  const others = more === 0 ? "" : ` and ${more} more`;
  const told = expected === 0 ? "no node is there" : `${stopped} of ${expected} nodes stopped`;
  const count = isHubConnected ? told : `last known: ${told}; hub lost now`;
  return `${where} · by ${by}${others} · ${ageText(now - at / 1000)} · ${count}`;
}

/** By the last that was heard of it. */
function isThere(record: NodeRecord): boolean {
  const state = nodeState({ ...record, isConfirmed: true }, true);
  return state !== "unknown" && isHere(state);
}

const heldBy = ({ reported }: NodeRecord): readonly ZoneLatch[] => reported?.stop?.latches ?? [];

const isIn = ({ birth, death }: NodeRecord, zone: string): boolean =>
  death?.reason !== "stopped" && (zone === everyZone || birth?.zones?.includes(zone) === true);
