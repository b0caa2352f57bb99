/** From values to the nodes that want them: the routes placed on the hub, and the queue of every node. */
import { earliest, type Instant, instant, type Micros } from "@interactor/shared/kernel/units";
import {
  isLasting,
  lasting,
  type RouteRunner,
  type RouteSink,
  RouteTable,
  type Sample,
  type Samples,
} from "@interactor/shared/routing/run-route";
import { type Random, seededRandom } from "@interactor/shared/kernel/random";
import { targetsOf } from "@interactor/shared/routing/place";
import { Ledger, type Loss } from "@interactor/shared/wire/ledger";
import type { Entry } from "@interactor/shared/wire/entry";
import { type Ended, SharedRoom } from "@interactor/shared/wire/lane-queue";
import { type Lane, lane as lanes } from "@interactor/shared/wire/lanes";
import { nodeQueuesBytesMax } from "@interactor/shared/wire/limits";
import type { CompiledRoute, RouteGroup } from "@interactor/shared/wire/messages/desired";
import type { Command } from "@interactor/shared/wire/messages/command";
import type { Receipt } from "@interactor/shared/wire/messages/receipt";
import { parseSiteAddress, portAddress, type SiteAddress } from "@interactor/shared/wire/names";
import { hasWildcard, nodeOfFilter } from "@interactor/shared/wire/output-filter";
import { type Origin, type OriginMark, wayOf } from "@interactor/shared/wire/origin";
import { type Session, sessionBytes, sessionOf } from "@interactor/shared/wire/session";
import { type Choice, GroupTargets, isForAll, isOneOf, takerAtStart } from "./group-targets.ts";
import { type Gift, type LivesBefore, originIn, RoutedAgain } from "./routed-again.ts";
import { NodeQueue } from "../queue/node-queue.ts";

/** When something happens, in both clocks. */
export interface RouterNow {
  readonly instant: Instant;
  readonly wall: Micros;
}

/** Hands a batch to the node's client, if it has one. */
export type SendToNode = (node: string, lane: Lane, payload: Uint8Array) => void;

export interface RouterParts extends LivesBefore {
  /** Told of what ends unsent in the queue of a node. */
  readonly ended?: Ended;
  /** An event was done by its node: so that it is never done again, also by the hub's next life. */
  readonly done?: (mark: OriginMark) => void;
  /** One of a group shall do an event: what is to be done when that is kept, so that no other does it after a crash. */
  readonly chosen?: (mark: OriginMark, then: () => void) => void;
  /** Counts what a group has nobody to take. */
  readonly nowhere?: Ledger;
  readonly random?: Random;
}

export class Router {
  /** What the life before took in and may not have delivered. */
  readonly again: RoutedAgain;
  /** Whether values of outputs that are no events go by lanes in which each of them counts. */
  hasUrgentRoutes = false;
  readonly #session: Session;
  readonly #parts: RouterParts;
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
  /** Nodes that were connected since the start: no more than there are queues. */
  readonly #seen = new Set<string>();
  #table = new RouteTable([]);
  /** Where the routes of the table lead. */
  #targets: ReadonlyMap<CompiledRoute, RouteTarget> = new Map();
  /** Queues in which something may have become movable, and when they are to be looked at. */
  readonly #due = new Map<string, Instant>();
  #at: Instant | undefined;
  /** The one that values are said again for, while they are. */
  #cameBack: string | undefined;

  constructor(session: Session, parts: RouterParts = {}) {
    const { nowhere = new Ledger(), random = seededRandom(1) } = parts;
    this.#session = session;
    this.#parts = parts;
    this.again = new RoutedAgain(parts, {
      give: (...given) => this.#give(...given),
      // Where it goes is certain: it need not wait until that is kept.
      chosen: (mark) => parts.chosen?.(mark, () => undefined),
    });
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
    this.hasUrgentRoutes = runners.some(({ route }) => route.lane !== lanes.telemetry);
    this.again.inherit(table);
    this.#offerLatest(fresh, now.instant);
  }

  /** Values of an output, `node/instance/port`, the oldest first. `wall`: now, when they were measured just before. */
  values(address: string, samples: Samples, at: Instant, wall?: Micros): void {
    this.#at = at;
    const latest = samples.at(-1);
    if (latest !== undefined && isLasting(latest)) this.#latest.set(address, lasting(latest));
    this.#table.offerAll(address, samples, at, this.#take, wall);
  }

  /** The latest value of this output is not kept: routes and nodes that come later get the next one. */
  forgetLatest(address: string): void {
    this.#latest.delete(address);
  }

  /** These instances of a node are new or were away: their inputs go where the routes say by the latest values. */
  catchUp(node: string, instances: ReadonlySet<string>, at: Instant): void {
    const leadThere = this.runners.filter(({ route }) => {
      const target = this.#targets.get(route);
      const instance = target?.port.slice(0, target.port.indexOf("/")) ?? "";
      if (!instances.has(instance)) return false;
      return (route.group ?? target)?.nodes.includes(node) === true;
    });
    // The others that a broadcast goes to have the value: on most lanes they would take it a second time.
    this.#cameBack = node;
    // A turn or a draw is made for what happens, and not because somebody comes.
    this.#offerLatest(
      leadThere.filter(({ route }) => isStateful(route.group)),
      at,
    );
    this.#cameBack = undefined;
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

  /** `isNewLife`: it knows nothing of what was on its way to the life before. */
  connected(node: string, isNewLife = false): void {
    this.#present.add(node);
    this.#seen.add(node);
    const queue = this.queueOf(node);
    if (isNewLife) queue.restarted();
    queue.connected();
  }

  disconnected(node: string): void {
    this.#present.delete(node);
    this.#knownQueue(node)?.disconnected();
  }

  /**
   * The node gives nothing any more: whom its values went to is told. Of a group that shares them out nobody knows who
   * acts on the last one, and a filter may go on with others.
   */
  sourceLost(node: string, now: RouterNow): void {
    for (const { route } of this.runners) {
      const isShared = route.group !== undefined && isOneOf(route.group);
      if (nodeOfFilter(route.from) !== node || isShared) continue;
      for (const target of targetsOf(route)) {
        const to = parseSiteAddress(target);
        if (to.ok)
          this.queueOf(to.value.node).sourceLost(route, portAddress(to.value), now.wall, now.instant);
      }
    }
  }

  /** Nothing waits for that node any more. Returns the queue it had, as it ended. */
  forget(node: string): NodeQueue | undefined {
    const queue = this.#queues.get(node);
    queue?.clear();
    this.#queues.delete(node);
    this.#due.delete(node);
    this.#present.delete(node);
    this.#seen.delete(node);
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
    const queue = new NodeQueue(session, {
      ended: (entry, loss) => this.#ended(node, entry, loss),
      confirmed: (entry) => this.#confirmed(node, entry),
      room: this.#room,
    });
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

  #ended(node: string, entry: Entry, loss: Loss): void {
    // It may have been done: no later life of the hub shall have it done again.
    if (loss.reason === "node-restarted") this.#confirmed(node, entry);
    this.#parts.ended?.(entry, loss);
  }

  #confirmed(node: string, entry: Entry): void {
    const mark = this.again.confirmed(node, entry);
    if (mark !== undefined) this.#parts.done?.(mark);
  }

  readonly #take: RouteSink = (route, sample, key, older) => {
    const target = this.#targets.get(route);
    if (target === undefined || this.#at === undefined) return undefined;
    const now = this.#at;
    if (this.again.isBefore(sample)) return this.again.late(now, route, sample, key);
    const { port } = target;
    if (route.group === undefined)
      return this.#give(route, sample, { nodes: target.nodes, port, now, key, older });
    const origin = originIn(route, sample);
    const { from = route.from } = sample;
    const chooser = key ?? sourceOf(route, sample);
    const isAll = isForAll(route.group, sample, chooser);
    const before =
      origin && isOneOf(route.group) && !isAll
        ? this.again.chosenBefore(route.group, origin, (of) => wayOf(from, route.name, `${of}/${port}`))
        : undefined;
    if (before !== undefined) return this.#give(route, sample, { nodes: [before], port, now, key });
    const choice: Choice = isAll
      ? { nodes: route.group.nodes }
      : this.#choose(route, route.group, chooser, origin);
    const { left } = choice;
    if (left !== undefined) this.queueOf(left).released(route, port, sample.at, now);
    const cameBack = isOneOf(route.group) && !isAll ? undefined : this.#cameBack;
    const nodes = cameBack === undefined ? choice.nodes : [cameBack];
    const { chosen } = this.#parts;
    const [node] = nodes;
    if (chosen === undefined || origin === undefined || node === undefined || !isOneOf(route.group))
      return this.#give(route, sample, { nodes, port, now, key, older });
    chosen({ way: wayOf(from, route.name, `${node}/${port}`), ...origin }, () => {
      // It may have been taken away meanwhile, and its input let go.
      if (this.#targets.has(route)) this.#give(route, sample, { nodes, port, now, key, older });
    });
    return undefined;
  };

  #give(route: CompiledRoute, sample: Sample, { nodes, port, now, key, older }: Gift): string | undefined {
    const { value, at, quality, isEvent = false, isAgain = false, from } = sample;
    const routed = { value, at, quality, isEvent, isAgain, from, origin: originIn(route, sample), older };
    let refused = 0;
    for (const node of nodes) {
      if (!this.queueOf(node).routed(route, port, routed, now, key)) refused += 1;
    }
    if (nodes.length === 0) return "nobody of the group is present";
    if (refused === 0) return undefined;
    return nodes.length === 1
      ? "the queue of the node is full"
      : `the queues of ${refused} of ${nodes.length} nodes are full`;
  }

  #choose(
    route: CompiledRoute,
    group: RouteGroup,
    key: string | undefined,
    origin: Origin | undefined,
  ): Choice {
    const choice = this.#groups.choose(route, group, key, (node) => this.#present.has(node));
    if (choice.nodes.length > 0) return choice;
    // After a start nobody is back yet: an event waits for one of them.
    const isBegin = origin !== undefined && !group.nodes.some((node) => this.#seen.has(node));
    const taker = isBegin ? takerAtStart(group, key ?? route.from, origin) : undefined;
    if (taker !== undefined) return { nodes: [taker] };
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
const sourceOf = ({ from }: CompiledRoute, sample: Sample): string | undefined =>
  hasWildcard(from) ? sample.from : undefined;

/** Whether the same value again leaves everything as it is. */
const isStateful = (group: RouteGroup | undefined): boolean =>
  group === undefined || group.strategy === "broadcast" || group.strategy === "consistent-hash";
