/** From values to the nodes that want them: the routes placed on the hub, and the queue of every node. */
import { earliest, type Instant, instant, type Micros } from "@interactor/shared/kernel/units";
import {
  type RouteRunner,
  type RouteSink,
  RouteTable,
  type Sample,
} from "@interactor/shared/routing/run-route";
import { type Random, seededRandom } from "@interactor/shared/kernel/random";
import { targetsOf } from "@interactor/shared/routing/place";
import { Ledger } from "@interactor/shared/wire/ledger";
import { type Ended, SharedRoom } from "@interactor/shared/wire/lane-queue";
import type { Lane } from "@interactor/shared/wire/lanes";
import { nodeQueuesBytesMax } from "@interactor/shared/wire/limits";
import type { CompiledRoute, RouteGroup } from "@interactor/shared/wire/messages/desired";
import type { Command } from "@interactor/shared/wire/messages/command";
import type { Receipt } from "@interactor/shared/wire/messages/receipt";
import { parseSiteAddress, portAddress, type SiteAddress } from "@interactor/shared/wire/names";
import { hasWildcard } from "@interactor/shared/wire/output-filter";
import { type Session, sessionBytes, sessionOf } from "@interactor/shared/wire/session";
import { type Choice, GroupTargets } from "./group-targets.ts";
import { NodeQueue } from "../queue/node-queue.ts";

/** When something happens, in both clocks. */
export interface RouterNow {
  readonly instant: Instant;
  readonly wall: Micros;
}

/** Hands a batch to the node's client, if it has one. */
export type SendToNode = (node: string, lane: Lane, payload: Uint8Array) => void;

export interface RouterParts {
  /** Told of what ends unsent in the queue of a node. */
  readonly ended?: Ended;
  /** Counts what a group has nobody to take. */
  readonly nowhere?: Ledger;
  readonly random?: Random;
}

export class Router {
  readonly #session: Session;
  readonly #ended: Ended | undefined;
  readonly #nowhere: Ledger;
  readonly #queues = new Map<string, NodeQueue>();
  readonly #room = new SharedRoom(nodeQueuesBytesMax);
  /** By `node/instance/output`. The feed bounds it: what that does not keep has to be forgotten here too. */
  readonly #latest = new Map<string, Sample>();
  readonly #groups: GroupTargets;
  readonly #random: Random;
  #hasForgotten = false;
  /** Nodes that are connected. */
  readonly #present = new Set<string>();
  #table = new RouteTable([]);
  /** Where the routes of the table lead. */
  #targets: ReadonlyMap<CompiledRoute, RouteTarget> = new Map();
  /** Queues in which something may have become movable, and when they are to be looked at. */
  readonly #due = new Map<string, Instant>();
  #at: Instant | undefined;

  constructor(
    session: Session,
    { ended, nowhere = new Ledger(), random = seededRandom(1) }: RouterParts = {},
  ) {
    this.#session = session;
    this.#ended = ended;
    this.#nowhere = nowhere;
    this.#groups = new GroupTargets(random);
    this.#random = random;
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
    const held = new Set(all.flatMap((route) => targetsOf(route).map((to) => `${route.name} ${to}`)));
    for (const { route } of this.runners) {
      for (const to of targetsOf(route)) if (!held.has(`${route.name} ${to}`)) this.#release(route, to, now);
    }
    this.#groups.keep(all);
    const { table, fresh } = this.#table.renewed(runners);
    this.#table = table;
    this.#targets = targetsIn(table.runners);
    this.#offerLatest(fresh, now.instant);
  }

  /** Values of an output, `node/instance/port`, the oldest first. */
  values(address: string, samples: readonly Sample[], at: Instant): void {
    this.#at = at;
    const latest = samples.findLast(({ isEvent }) => isEvent !== true);
    if (latest !== undefined) this.#latest.set(address, latest);
    this.#table.offerAll(address, samples, at, this.#take);
  }

  /** The latest value of this output is not kept: routes and nodes that come later get the next one. */
  forgetLatest(address: string): void {
    this.#latest.delete(address);
  }

  /** These instances of a node are new or were away: their inputs go where the routes say by the latest values. */
  catchUp(node: string, instances: ReadonlySet<string>, at: Instant): void {
    const leadThere = this.runners.filter(({ route }) =>
      targetsOf(route).some((target) => {
        const to = parseSiteAddress(target);
        return to.ok && to.value.node === node && instances.has(to.value.instance);
      }),
    );
    // A turn or a draw is made for what happens, and not because somebody comes.
    this.#offerLatest(
      leadThere.filter(({ route }) => isStateful(route.group)),
      at,
    );
  }

  command(to: SiteAddress, command: Command, wall: Micros, at: Instant): void {
    this.queueOf(to.node).command(portAddress(to), command, wall, at);
  }

  clock(node: string, askedAt: number, wall: Micros, at: Instant): void {
    this.#knownQueue(node)?.clock(askedAt, wall, at);
  }

  receipt(node: string, receipt: Receipt): void {
    this.#knownQueue(node)?.receipt(receipt);
  }

  connected(node: string): void {
    this.#present.add(node);
    this.queueOf(node).connected();
  }

  disconnected(node: string): void {
    this.#present.delete(node);
    this.#knownQueue(node)?.disconnected();
  }

  /** Nothing waits for that node any more. Returns the queue it had, as it ended. */
  forget(node: string): NodeQueue | undefined {
    const queue = this.#queues.get(node);
    queue?.clear();
    this.#queues.delete(node);
    this.#due.delete(node);
    this.#present.delete(node);
    this.#hasForgotten = true;
    return queue;
  }

  /** Lets out what throttles hold and sends what may go. Returns when to come back. */
  pump(at: Instant, send: SendToNode): Instant | undefined {
    this.#at = at;
    let next = this.#table.flush(at, this.#take);
    for (const [node, due] of this.#due) {
      const later = due > at ? due : this.#pumpQueue(node, at, send);
      if (later === undefined) this.#due.delete(node);
      else this.#due.set(node, later);
      next = earliest(next, later);
    }
    return next;
  }

  /** A node may be spoken to before it was ever seen: what waits for it expires by its TTL. */
  queueOf(node: string): NodeQueue {
    const known = this.#knownQueue(node);
    if (known !== undefined) return known;
    this.#due.set(node, atOnce);
    // A node that was forgotten knows the numbers of the queue it had: another one must not begin them anew.
    const session = this.#hasForgotten ? this.#freshSession() : this.#session;
    const queue = new NodeQueue(session, { ended: this.#ended, room: this.#room });
    this.#queues.set(node, queue);
    return queue;
  }

  /** Whoever asks for it changes it: it is looked at with the next pump. */
  #knownQueue(node: string): NodeQueue | undefined {
    const queue = this.#queues.get(node);
    if (queue !== undefined) this.#due.set(node, atOnce);
    return queue;
  }

  #pumpQueue(node: string, at: Instant, send: SendToNode): Instant | undefined {
    return this.#queues.get(node)?.pump(at, (lane, payload) => send(node, lane, payload));
  }

  #freshSession(): Session {
    return sessionOf(Uint8Array.from({ length: sessionBytes }, () => Math.floor(this.#random.next() * 256)));
  }

  #offerLatest(runners: readonly RouteRunner[], at: Instant): void {
    this.#at = at;
    this.#table.offerLatest(runners, { latest: this.#latest }, at, this.#take);
  }

  #release(route: CompiledRoute, target: string, now: RouterNow): void {
    const to = parseSiteAddress(target);
    if (to.ok) this.queueOf(to.value.node).released(route, portAddress(to.value), now.wall, now.instant);
  }

  readonly #take: RouteSink = (route, { value, at, quality, isEvent = false, from }, key) => {
    const target = this.#targets.get(route);
    if (target === undefined || this.#at === undefined) return undefined;
    const now = this.#at;
    const { port } = target;
    const { nodes, left } =
      route.group === undefined ? target : this.#choose(route, route.group, key ?? sourceOf(route, from));
    if (left !== undefined) this.queueOf(left).released(route, port, at, now);
    let refused = 0;
    for (const node of nodes) {
      if (!this.queueOf(node).routed(route, port, { value, at, quality, isEvent, from }, now, key))
        refused += 1;
    }
    if (nodes.length === 0) return "nobody of the group is present";
    if (refused === 0) return undefined;
    return nodes.length === 1
      ? "the queue of the node is full"
      : `the queues of ${refused} of ${nodes.length} nodes are full`;
  };

  #choose(route: CompiledRoute, group: RouteGroup, key: string | undefined): Choice {
    const choice = this.#groups.choose(route, group, key, (node) => this.#present.has(node));
    if (choice.nodes.length > 0) return choice;
    this.#nowhere.produced(route.lane);
    this.#nowhere.lost(route.lane, { end: "refused", reason: "no-route" });
    return choice;
  }
}

/** Where a route leads: in a group, to this port of whom it chooses. */
interface RouteTarget extends Choice {
  /** `instance/input` */
  readonly port: string;
}

function targetsIn(runners: readonly RouteRunner[]): ReadonlyMap<CompiledRoute, RouteTarget> {
  const targets = new Map<CompiledRoute, RouteTarget>();
  for (const { route } of runners) {
    const to = parseSiteAddress(route.to);
    if (to.ok) targets.set(route, { nodes: [to.value.node], port: portAddress(to.value) });
  }
  return targets;
}

const atOnce = instant(Number.NEGATIVE_INFINITY);

/** What a group chooses by when nothing is said: which of several outputs it was. */
const sourceOf = (route: CompiledRoute, from: string | undefined): string | undefined =>
  hasWildcard(route.from) ? from : undefined;

/** Whether the same value again leaves everything as it is. */
const isStateful = (group: RouteGroup | undefined): boolean =>
  group === undefined || group.strategy === "broadcast" || group.strategy === "consistent-hash";
