/**
 * The show stop as the site has it: which latches hold which zone, and which were released. A latch that anybody
 * knows holds until a release names it; no clock is asked, because a Pi may believe that it is 1970 and a hub may
 * have lost its folder. What is forgotten here can only keep something stopped, never let it go.
 */
import { nodesMax, stopLatchesMax, stopReleasedMax, stopZonesMax } from "@interactor/shared/wire/limits";
import { everyZone, type Latch, type StopLatch, type ZoneLatch } from "@interactor/shared/wire/messages/stop";

export interface ZoneStop {
  /** Oldest first. */
  readonly latches: readonly Latch[];
  /** Ids, oldest first. */
  readonly released: readonly string[];
  /** Who changed it last, and when. */
  readonly by: string;
  readonly at: number;
}

/** What must outlive the hub. */
export interface KeptStop {
  readonly zones: Readonly<Record<string, ZoneStop>>;
  /** In which zones each node is. */
  readonly members: Readonly<Record<string, readonly string[]>>;
}

export interface Press {
  /** The id its latch shall have; without one, or with one that was released before, `freshId` makes one. */
  readonly id: string | undefined;
  readonly by: string;
  readonly at: number;
  readonly freshId: () => string;
}

export interface Release {
  readonly by: string;
  readonly at: number;
  /** What is released; `undefined`: everything that holds the zone, `reported` too. */
  readonly ids: readonly string[] | undefined;
  /** Latches that nodes hold for this zone, by their own word. */
  readonly reported: readonly string[];
}

const untouched: ZoneStop = { latches: [], released: [], by: "", at: 0 };

export class StopBook {
  /** The one that was let go last, last. */
  readonly #zones: Map<string, ZoneStop>;
  readonly #members = new Map<string, readonly string[]>();
  /** How many nodes are in each zone: a press must not look through all of them. */
  readonly #crowds = new Map<string, number>();

  constructor(kept: KeptStop) {
    this.#zones = new Map(Object.entries(kept.zones));
    for (const [node, zones] of Object.entries(kept.members)) this.#enter(node, zones);
    // A zone that nobody is in and nothing holds is a name of long ago.
    for (const [zone, { latches }] of this.#zones) {
      if (latches.length === 0 && zone !== everyZone && !this.#crowds.has(zone)) this.#zones.delete(zone);
    }
  }

  /** Every zone that can be stopped, the one of all first. */
  get zones(): readonly string[] {
    const named = new Set([...this.#crowds.keys(), ...this.#zones.keys()]);
    named.delete(everyZone);
    return [everyZone, ...[...named].toSorted()];
  }

  get members(): number {
    return this.#members.size;
  }

  /** Zones of which there is something to say. */
  get touched(): readonly string[] {
    return [...this.#zones.keys()];
  }

  get latches(): readonly ZoneLatch[] {
    return [...this.#zones].flatMap(([zone, { latches }]) => latches.map((latch) => ({ ...latch, zone })));
  }

  get kept(): KeptStop {
    return { zones: Object.fromEntries(this.#zones), members: Object.fromEntries(this.#members) };
  }

  /** A node says in which zones it is. Returns whether that is news. */
  join(node: string, zones: readonly string[]): boolean {
    const known = this.#members.get(node);
    if (known !== undefined && known.join("/") === zones.join("/")) return false;
    this.#leave(node);
    for (const oldest of this.#members.keys()) {
      if (this.#members.size < nodesMax) break;
      this.#leave(oldest);
    }
    this.#enter(node, zones);
    return true;
  }

  /** A node is forgotten. While something holds a zone of it, who belongs there is not. Returns whether that is news. */
  leave(node: string): boolean {
    const zones = [everyZone, ...(this.#members.get(node) ?? [])];
    const isHeld = zones.some((zone) => (this.#zones.get(zone)?.latches.length ?? 0) > 0);
    if (isHeld || !this.#members.has(node)) return false;
    this.#leave(node);
    return true;
  }

  /** Somebody presses stop. `held`: this very press was taken before. */
  stop(zone: string, press: Press): "latched" | "held" | "unknown-zone" | "too-many-zones" {
    if (!this.#isZone(zone)) return "unknown-zone";
    const state = this.#zones.get(zone) ?? untouched;
    if (state.latches.some(({ id }) => id === press.id)) return "held";
    const { by, at } = press;
    if (!this.#makeRoom(zone)) return "too-many-zones";
    // A press is never refused for its id: somebody may always use the same one.
    const isUsable = press.id !== undefined && !state.released.includes(press.id);
    this.#latch(zone, { id: isUsable ? (press.id ?? press.freshId()) : press.freshId(), by, at });
    return "latched";
  }

  release(zone: string, release: Release): "released" | "not-held" | "unknown-zone" {
    if (!this.#isZone(zone)) return "unknown-zone";
    const state = this.#zones.get(zone) ?? untouched;
    const held = [...new Set([...state.latches.map(({ id }) => id), ...release.reported])];
    const { ids } = release;
    const gone = ids === undefined ? held : held.filter((id) => ids.includes(id));
    if (gone.length === 0 || !this.#makeRoom(zone)) return "not-held";
    this.#zones.delete(zone);
    this.#zones.set(zone, {
      latches: state.latches.filter(({ id }) => !gone.includes(id)),
      released: lastOf([...state.released.filter((id) => !gone.includes(id)), ...gone]),
      by: release.by,
      at: release.at,
    });
    return "released";
  }

  /** A node holds this latch. Returns whether it is news: this hub did not know it, and it was not released. */
  learn(node: string, { zone, local, ...latch }: ZoneLatch): boolean {
    const isThere = zone === everyZone || this.#members.get(node)?.includes(zone) === true;
    if (local === true || !isThere) return false;
    const { latches, released } = this.#zones.get(zone) ?? untouched;
    if (released.includes(latch.id) || latches.some(({ id }) => id === latch.id)) return false;
    if (!this.#makeRoom(zone)) return false;
    this.#latch(zone, { id: latch.id, by: latch.by, at: latch.at });
    return true;
  }

  /** Whether this hub has seen the latch: it holds here, or was released. */
  knows(zone: string, id: string): boolean {
    const { latches, released } = this.#zones.get(zone) ?? untouched;
    return released.includes(id) || latches.some((latch) => latch.id === id);
  }

  isLatched(zone: string): boolean {
    return (this.#zones.get(zone)?.latches.length ?? 0) > 0;
  }

  /** What is said on the zone's topic. */
  document(zone: string): StopLatch {
    const { latches, released, by, at } = this.#zones.get(zone) ?? untouched;
    const first = latches[0];
    return {
      v: 1,
      latched: first !== undefined,
      by: first?.by ?? by,
      at: first?.at ?? at,
      latches: [...latches],
      released: [...released],
    };
  }

  #isZone(zone: string): boolean {
    return zone === everyZone || this.#crowds.has(zone) || this.#zones.has(zone);
  }

  #enter(node: string, zones: readonly string[]): void {
    this.#members.set(node, [...zones]);
    for (const zone of zones) this.#crowds.set(zone, (this.#crowds.get(zone) ?? 0) + 1);
  }

  #leave(node: string): void {
    for (const zone of this.#members.get(node) ?? []) {
      const left = (this.#crowds.get(zone) ?? 0) - 1;
      if (left > 0) this.#crowds.set(zone, left);
      else this.#crowds.delete(zone);
    }
    this.#members.delete(node);
  }

  /** Whether the zone can be written down. The whole site always can. */
  #makeRoom(zone: string): boolean {
    if (zone === everyZone || this.#zones.has(zone)) return true;
    for (const [known, { latches }] of this.#zones) {
      if (this.#zones.size < stopZonesMax) break;
      if (known !== everyZone && latches.length === 0) this.#zones.delete(known);
    }
    return this.#zones.size < stopZonesMax;
  }

  #latch(zone: string, latch: Latch): void {
    const { latches, released } = this.#zones.get(zone) ?? untouched;
    const all = [...latches, latch];
    const evicted = all.slice(0, Math.max(all.length - stopLatchesMax, 0)).map(({ id }) => id);
    this.#zones.set(zone, {
      latches: all.slice(evicted.length),
      // Nodes let the evicted one go; the others hold them.
      released: lastOf([...released.filter((id) => id !== latch.id), ...evicted]),
      by: latch.by,
      at: latch.at,
    });
  }
}

const lastOf = (released: readonly string[]): readonly string[] => released.slice(-stopReleasedMax);
