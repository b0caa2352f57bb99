/** From values to the nodes that want them: the routes placed on the hub, and the queue of every node. */
import { earliest, type Instant, type Micros } from "@interactor/shared/kernel/units";
import {
  type RouteRunner,
  type RouteSink,
  RouteTable,
  type Sample,
} from "@interactor/shared/routing/run-route";
import type { Lane } from "@interactor/shared/wire/lanes";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { Command } from "@interactor/shared/wire/messages/command";
import type { Receipt } from "@interactor/shared/wire/messages/receipt";
import { parseSiteAddress, portAddress, type SiteAddress, siteAddress } from "@interactor/shared/wire/names";
import type { Session } from "@interactor/shared/wire/session";
import { NodeQueue } from "../queue/node-queue.ts";

/** Outputs whose latest value is kept for routes and nodes that come later. More: those get the next value. */
const latestMax = 100_000;

/** When something happens, in both clocks. */
export interface RouterNow {
  readonly instant: Instant;
  readonly wall: Micros;
}

/** Hands a batch to the node's client, if it has one. */
export type SendToNode = (node: string, lane: Lane, payload: Uint8Array) => void;

export class Router {
  readonly #session: Session;
  readonly #queues = new Map<string, NodeQueue>();
  /** By `node/instance/output`. */
  readonly #latest = new Map<string, Sample>();
  #table = new RouteTable([]);
  #at: Instant | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  get runners(): readonly RouteRunner[] {
    return this.#table.runners;
  }

  get queues(): ReadonlyMap<string, NodeQueue> {
    return this.#queues;
  }

  /**
   * Puts other routes in place. One that has not changed goes on as it is; a new one takes the latest value at
   * once; what one that is gone holds is let go at its node. `all`: also those that nodes run by themselves.
   */
  setRoutes(runners: readonly RouteRunner[], all: readonly CompiledRoute[], now: RouterNow): void {
    const held = new Set(all.map((route) => `${route.name} ${route.to}`));
    this.#release(
      this.runners.filter(({ route }) => !held.has(`${route.name} ${route.to}`)),
      now,
    );
    const { table, fresh } = this.#table.renewed(runners);
    this.#table = table;
    this.#offerLatest(fresh, now.instant);
  }

  /** A value of an output. What happened once, an event, is not kept for those who come later. */
  value(from: SiteAddress, sample: Sample, at: Instant, isEvent = false): void {
    this.#at = at;
    const address = siteAddress(from);
    if (!isEvent && (this.#latest.size < latestMax || this.#latest.has(address))) {
      this.#latest.set(address, sample);
    }
    this.#table.offer(address, sample, at, this.#take);
  }

  /** These instances of a node are new or were away: their inputs go where the routes say by the latest values. */
  catchUp(node: string, instances: ReadonlySet<string>, at: Instant): void {
    const leadThere = this.runners.filter(({ route }) => {
      const to = parseSiteAddress(route.to);
      return to.ok && to.value.node === node && instances.has(to.value.instance);
    });
    this.#offerLatest(leadThere, at);
  }

  command(to: SiteAddress, command: Command, wall: Micros, at: Instant): void {
    this.queueOf(to.node).command(portAddress(to), command, wall, at);
  }

  clock(node: string, askedAt: number, wall: Micros, at: Instant): void {
    this.#queues.get(node)?.clock(askedAt, wall, at);
  }

  receipt(node: string, receipt: Receipt): void {
    this.#queues.get(node)?.receipt(receipt);
  }

  connected(node: string): void {
    this.queueOf(node).connected();
  }

  disconnected(node: string): void {
    this.#queues.get(node)?.disconnected();
  }

  /** Lets out what throttles hold and sends what may go. Returns when to come back. */
  pump(at: Instant, send: SendToNode): Instant | undefined {
    this.#at = at;
    let next = this.#table.flush(at, this.#take);
    for (const [node, queue] of this.#queues) {
      next = earliest(
        next,
        queue.pump(at, (lane, payload) => send(node, lane, payload)),
      );
    }
    return next;
  }

  /** A node may be spoken to before it was ever seen: what waits for it expires by its TTL. */
  queueOf(node: string): NodeQueue {
    const known = this.#queues.get(node);
    if (known !== undefined) return known;
    const queue = new NodeQueue(this.#session);
    this.#queues.set(node, queue);
    return queue;
  }

  #offerLatest(runners: readonly RouteRunner[], at: Instant): void {
    this.#at = at;
    for (const runner of runners) {
      const sample = this.#latest.get(runner.route.from);
      if (sample !== undefined) runner.offer(sample, at, this.#take);
    }
  }

  #release(runners: readonly RouteRunner[], now: RouterNow): void {
    for (const { route } of runners) {
      const to = parseSiteAddress(route.to);
      if (to.ok) this.queueOf(to.value.node).released(route, portAddress(to.value), now.wall, now.instant);
    }
  }

  readonly #take: RouteSink = (route, { value, at, quality }) => {
    const to = parseSiteAddress(route.to);
    if (!to.ok || this.#at === undefined) return undefined;
    const queue = this.queueOf(to.value.node);
    const isQueued = queue.routed(route, portAddress(to.value), { value, at, quality }, this.#at);
    return isQueued ? undefined : "the queue of the node is full";
  };
}
