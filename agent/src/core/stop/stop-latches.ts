/**
 * The latches that hold this node. It is stopped while there is one; each goes only by a release that names it, so
 * what comes twice, late or in another order changes nothing for the worse.
 */
import { stopLatchesMax } from "@interactor/shared/wire/limits";
import { everyZone, type StopLatch, type ZoneLatch } from "@interactor/shared/wire/messages/stop";

/** The latch of somebody who gives no id, as a hub of the first version passed it on. */
const namelessId = "stop";

/** Zones with latches that are remembered. Of more, those that the node is not in are passed over. */
const zonesKnownMax = 100;

export class StopLatches {
  #zones: ReadonlySet<string>;
  /** Of other zones too: another plan may put the node into one. */
  #known: readonly ZoneLatch[] = [];

  /** `zones`: those the node is in; the one of all is added. */
  constructor(zones: readonly string[]) {
    this.#zones = new Set([everyZone, ...zones]);
  }

  get held(): readonly ZoneLatch[] {
    return this.#known.filter(({ zone }) => this.#zones.has(zone));
  }

  /** What must be kept: which zones its plan names is not known yet when a node starts. */
  get known(): readonly ZoneLatch[] {
    return this.#known;
  }

  /** Takes up what was kept. */
  restore(kept: readonly ZoneLatch[]): void {
    this.#known = kept;
  }

  /** The node is in these now: a zone that it has left does not hold it any more. Returns whether others hold it. */
  setZones(zones: readonly string[]): boolean {
    const before = idsOf(this.held);
    this.#zones = new Set([everyZone, ...zones]);
    return before !== idsOf(this.held);
  }

  /** What the hub says of a zone. Returns whether other latches hold the node now. */
  take(zone: string, said: StopLatch): boolean {
    const before = this.#known;
    const isOther = !this.#zones.has(zone) && !before.some((latch) => latch.zone === zone);
    if (isOther && new Set(before.map((latch) => latch.zone)).size >= zonesKnownMax) return false;
    const heldBefore = idsOf(this.held);
    const mine = before.filter((latch) => latch.zone === zone);
    const latches = latchesOf(said);
    const listed = new Set(latches.map(({ id }) => id));
    const released = new Set(said.released ?? []);
    // Without a list, a release means everything in the zone.
    const isAllReleased = !said.latched && said.released === undefined;
    const stays = mine.filter(({ id }) => !listed.has(id) && !released.has(id) && !isAllReleased);
    const known = (id: string) => mine.find((latch) => latch.id === id);
    const held = [...stays, ...latches.map((latch) => known(latch.id) ?? { ...latch, zone })];
    // The oldest goes: those that are left hold the node as well.
    this.#known = [...before.filter((latch) => latch.zone !== zone), ...held.slice(-stopLatchesMax)];
    return heldBefore !== idsOf(this.held);
  }

  /** Holds this node alone, until it is released like any other. */
  holdAlone(id: string, by: string, at: number): void {
    this.#known = [...this.#known, { zone: everyZone, id, by, at, local: true }];
  }
}

/** A document that says both is a stop. */
function latchesOf({
  latched,
  latches,
  id,
  by,
  at,
}: StopLatch): readonly { id: string; by: string; at: number }[] {
  if (latches !== undefined && latches.length > 0) return latches;
  return latched ? [{ id: id ?? namelessId, by, at }] : [];
}

const idsOf = (latches: readonly ZoneLatch[]): string =>
  latches
    .map(({ zone, id }) => `${zone}/${id}`)
    .toSorted()
    .join(" ");
