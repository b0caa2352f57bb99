/**
 * The show stop on a node: obeyed first, then told, then kept. It holds over a restart, with the hub or without, until
 * it is released; a disk that fails delays nothing and is tried again.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { between, type Instant, seconds } from "@interactor/shared/kernel/units";
import type { StopReport } from "@interactor/shared/wire/messages/reported";
import { zonesPerNodeMax } from "@interactor/shared/wire/limits";
import { decodeStopLatch, everyZone, type ZoneLatch } from "@interactor/shared/wire/messages/stop";
import { HubLeases, type Leased } from "./core/stop/hub-leases.ts";
import { StopLatches } from "./core/stop/stop-latches.ts";
import type { Now, Switchboard } from "./core/switchboard/switchboard.ts";
import type { Log } from "./ports/log.ts";
import type { StateStore } from "./ports/state-store.ts";

export interface AgentStopWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<StateStore, "loadStop" | "saveStop">;
  refused(reason: string): void;
  /** What keeps a stop from outliving the agent, in words; `undefined`: nothing does any more. */
  problem(words: string | undefined): void;
  /** Other latches hold the node than before. */
  changed(): void;
}

export interface AgentStopOptions {
  readonly zones: readonly string[];
  readonly instances: readonly Leased[];
}

const keepAgainAfter = seconds(5);
/** Who holds a node that cannot read what it kept. */
const unreadableBy = "node: what it kept of the show stop cannot be read";

const keyOf = ({ zone, id }: ZoneLatch): string => `${zone}/${id}`;

export class AgentStop {
  readonly #world: AgentStopWorld;
  readonly #switchboard: Switchboard;
  readonly #latches: StopLatches;
  readonly #own: readonly string[];
  #zones: readonly string[];
  /** Those it was in by what still runs; at most as many again. */
  #left: readonly string[];
  readonly #leases: HubLeases;
  /** How long obeying took, by zone and id: of what came in this life. */
  #tookMs: ReadonlyMap<string, number> = new Map();
  #tookLastMs = 0;
  #isKeeping = false;
  #isUnkept = false;

  constructor({ zones, instances }: AgentStopOptions, switchboard: Switchboard, world: AgentStopWorld) {
    this.#own = zones;
    this.#zones = zones;
    this.#left = zones;
    this.#latches = new StopLatches(zones);
    this.#leases = new HubLeases(instances, switchboard, world.clock.now());
    this.#switchboard = switchboard;
    this.#world = world;
  }

  /** Obeys what held when the last life ended. `ownId` names the latch of a node that cannot read it. */
  async load(ownId: string): Promise<void> {
    const { log, store, clock } = this.#world;
    const kept = await store.loadStop();
    if (kept === "unreadable") {
      // It was there because a stop held; which one nobody can say, so only a person may let go.
      this.#latches.holdAlone(ownId, unreadableBy, clock.wall());
      log.error("the kept show stop cannot be read: this node stays stopped until `interactor stop release`");
      this.#keep();
    } else {
      this.#latches.restore(kept);
    }
    for (const { zone, by } of this.#latches.held)
      log.warn(`show stop in ${zone}, kept over the restart`, { by });
    this.#obey();
  }

  /** What the hub says of a zone. */
  take(zone: string, payload: Uint8Array): void {
    const { clock, log } = this.#world;
    const arrivedAt = clock.now();
    const decoded = decodeStopLatch(payload);
    if (!decoded.ok) return this.#world.refused(`stop ${decoded.error}`);
    const before = this.#latches.held;
    if (!this.#latches.take(zone, decoded.value)) return;
    this.#obey();
    this.#timed(before, between(arrivedAt, clock.now()));
    const words =
      this.#latches.held.length > before.length ? `show stop in ${zone}` : `show stop released in ${zone}`;
    const left = this.#latches.held.map((latch) => `${latch.zone} by ${latch.by}`);
    log.warn(words, { by: decoded.value.by, ...(left.length === 0 ? {} : { holds: left }) });
    this.#keep();
    this.#world.changed();
  }

  /** Zones the node is in, beside the one of all. */
  get zones(): readonly string[] {
    return this.#zones;
  }

  /** Whether a node may be in these and its own. */
  mayBeIn(zones: readonly string[]): boolean {
    return this.#with(zones).length <= zonesPerNodeMax;
  }

  /**
   * The plan puts the node into these, beside its own. Until it `hasLeft` those that it was in, it is held by both: what
   * it is to run no more still drives its outputs. Returns whether it is in others now.
   */
  planned(zones: readonly string[]): boolean {
    const before = this.#zones.join(" ");
    this.#zones = this.#with(zones).slice(0, zonesPerNodeMax);
    this.#heldIn([...this.#left, ...this.#zones]);
    return before !== this.#zones.join(" ");
  }

  /** Nothing of what ran in other zones drives an output any more. */
  hasLeft(): void {
    this.#left = this.#zones;
    this.#heldIn(this.#zones);
  }

  #heldIn(zones: readonly string[]): void {
    if (!this.#latches.setZones(zones)) return;
    this.#obey();
    for (const { zone, by } of this.#latches.held)
      this.#world.log.warn(`show stop in ${zone}, which the node is in by its plan`, { by });
    this.#keep();
    this.#world.changed();
  }

  /** The node has other instances, or other leases of them. */
  instances(instances: readonly Leased[], now: Now): void {
    this.#leases.renewed(instances, now);
  }

  /** An instance has said which inputs it has. */
  declared(instance: string, ports: DeclaredPorts): void {
    for (const input of this.#leases.misplaced(instance, ports)) {
      const words = `the lease of ${instance}/${input} has no effect: it is no actuator input`;
      this.#world.log.error(words, { instance, input });
    }
  }

  /** Something came from the hub. */
  heard(now: Now): void {
    this.#leases.heard(now);
  }

  /** Lets leases on the hub's life run out. Returns when the next one does. */
  tick(now: Now): Instant | undefined {
    return this.#leases.tick(now);
  }

  /** `undefined`: nothing holds the node. */
  get report(): StopReport | undefined {
    const latches = this.#latches.held;
    if (latches.length === 0) return undefined;
    const timed = latches.map((latch) => {
      const tookMs = this.#tookMs.get(keyOf(latch));
      return tookMs === undefined ? latch : { ...latch, tookMs };
    });
    return { latches: timed, tookMs: this.#tookLastMs };
  }

  #with(zones: readonly string[]): readonly string[] {
    return [...new Set([...this.#own, ...zones.filter((zone) => zone !== everyZone)])];
  }

  /** Writes down how long the latches took that are new, and forgets those that hold no more. */
  #timed(before: readonly ZoneLatch[], took: number): void {
    const old = new Set(before.map(keyOf));
    const timed = this.#latches.held.flatMap((latch) => {
      const key = keyOf(latch);
      const tookMs = old.has(key) ? this.#tookMs.get(key) : took;
      return tookMs === undefined ? [] : [[key, tookMs] as const];
    });
    if (this.#latches.held.some((latch) => !old.has(keyOf(latch)))) this.#tookLastMs = took;
    this.#tookMs = new Map(timed);
  }

  #obey(): void {
    const now = { instant: this.#world.clock.now(), wall: this.#world.clock.wall() };
    const first = this.#latches.held[0];
    if (first === undefined) this.#switchboard.releaseStop(now);
    else this.#switchboard.stopShow(first.by, now);
  }

  /** One write at a time, of what is true when it begins. */
  #keep(): void {
    this.#isUnkept = true;
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    void this.#write();
  }

  async #write(): Promise<void> {
    const { clock, log, store } = this.#world;
    while (this.#isUnkept) {
      this.#isUnkept = false;
      try {
        await store.saveStop(this.#latches.known);
        this.#world.problem(undefined);
      } catch (error) {
        log.error("the show stop could not be kept on disk: a cold start without the hub does not know it", {
          cause: messageOf(error),
        });
        this.#world.problem(
          `its show stop is not on disk, a cold start would not know it: ${messageOf(error)}`,
        );
        this.#isUnkept = true;
        break;
      }
    }
    this.#isKeeping = false;
    if (this.#isUnkept) clock.after(keepAgainAfter, () => this.#keep());
  }
}
