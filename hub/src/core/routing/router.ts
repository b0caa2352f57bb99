/** From values to the nodes that want them: the routes placed on the hub, and the queue of every node. */
import { earliest, type Instant, type Micros, type Millis, millis } from "@interactor/shared/kernel/units";
import {
  type RouteRunner,
  type RouteSink,
  RouteTable,
  type Sample,
} from "@interactor/shared/routing/run-route";
import { type Random, seededRandom } from "@interactor/shared/kernel/random";
import { targetsOf } from "@interactor/shared/routing/place";
import { Ledger } from "@interactor/shared/wire/ledger";
import type { Ended } from "@interactor/shared/wire/lane-queue";
import type { Entry } from "@interactor/shared/wire/entry";
import { type Lane, lane as lanes } from "@interactor/shared/wire/lanes";
import type { CompiledRoute, RouteGroup } from "@interactor/shared/wire/messages/desired";
import type { Command } from "@interactor/shared/wire/messages/command";
import type { Receipt } from "@interactor/shared/wire/messages/receipt";
import { parseSiteAddress, portAddress, type SiteAddress, siteAddress } from "@interactor/shared/wire/names";
import { type Origin, type OriginMark, OriginMarks, wayOf } from "@interactor/shared/wire/origin";
import type { Session } from "@interactor/shared/wire/session";
import { type Choice, GroupTargets, isOneOf, takersAgain } from "./group-targets.ts";
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

/** Ways of events that are known to have been done, at the hub. More: forget the one used longest ago; its node knows too. */
const waysMax = 20_000;

export interface RouterParts {
  /** Told of what ends unsent in the queue of a node. */
  readonly ended?: Ended;
  /** An event was done by its node: so that it is never done again, also by the hub's next life. */
  readonly done?: (mark: OriginMark) => void;
  /** One of a group shall do an event: what is to be done when that is kept, so that no other does it after a crash. */
  readonly chosen?: (mark: OriginMark, then: () => void) => void;
  /** What was done, and who was chosen, in the lives before: the oldest first. */
  readonly marks?: readonly OriginMark[];
  readonly choices?: readonly OriginMark[];
  /** Counts what a group has nobody to take. */
  readonly nowhere?: Ledger;
  readonly random?: Random;
}

export class Router {
  readonly #session: Session;
  readonly #parts: RouterParts;
  readonly #marks: OriginMarks;
  readonly #choices: ReadonlySet<string>;
  readonly #nowhere: Ledger;
  readonly #queues = new Map<string, NodeQueue>();
  /** Values that went to a node again since the start. */
  routedAgain = 0;
  /** By `node/instance/output`. */
  readonly #latest = new Map<string, Sample>();
  readonly #groups: GroupTargets;
  /** Nodes that are connected. */
  readonly #present = new Set<string>();
  /** Nodes that were connected since the start: no more than there are queues. */
  readonly #seen = new Set<string>();
  #table = new RouteTable([]);
  /** Routes that the life before had too: what was taken in before a route was there is not for it. */
  #inherited: ReadonlySet<RouteRunner> | undefined;
  #at: Instant | undefined;

  constructor(session: Session, parts: RouterParts = {}) {
    const { nowhere = new Ledger(), random = seededRandom(1), marks = [], choices = [] } = parts;
    this.#session = session;
    this.#parts = parts;
    this.#marks = new OriginMarks(waysMax, marks);
    this.#choices = new Set(choices.map(({ way, ...origin }) => choiceOf(way, origin)));
    this.#nowhere = nowhere;
    this.#groups = new GroupTargets(random);
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
    this.#inherited ??= new Set(table.runners);
    this.hasUrgentRoutes = runners.some(({ route }) => route.lane !== lanes.telemetry);
    this.#offerLatest(fresh, now.instant);
  }

  /** A value of an output. What happened once, an event, is not kept for those who come later. */
  value(from: SiteAddress, sample: Sample, at: Instant): void {
    this.#at = at;
    const address = siteAddress(from);
    if (sample.isEvent !== true && (this.#latest.size < latestMax || this.#latest.has(address))) {
      this.#latest.set(address, sample);
    }
    this.#table.offer(address, sample, at, this.#take);
  }

  /**
   * A value that the life before took in, at that time: what its node has not done by all that is known goes there
   * again, and its TTL runs from when it was taken in. What its agent says again by itself is left to it.
   */
  again(from: SiteAddress, sample: Sample, at: Instant): void {
    for (const runner of this.#table.fedBy(siteAddress(from))) {
      if (this.#inherited?.has(runner) !== true) continue;
      if (sample.isEvent !== true && runner.route.lane === lanes.telemetry) continue;
      this.#flushAgain(runner, at);
      this.#at = at;
      runner.offer(sample, at, this.#takeAgain);
    }
  }

  /** All of it was routed again: what throttles held back goes out at its own time, if that has passed. */
  settle(at: Instant): void {
    for (const runner of this.runners) this.#flushAgain(runner, at);
  }

  /** Nodes that a route here begins at. */
  get sources(): ReadonlySet<string> {
    return new Set(this.runners.map(({ route }) => route.from.slice(0, route.from.indexOf("/"))));
  }

  /** The longest that something on its way through here can be of use; `undefined`: there are no routes. */
  get ttlMax(): Millis | undefined {
    if (this.runners.length === 0) return undefined;
    return millis(this.runners.reduce((longest, { route }) => Math.max(longest, route.ttl), 0));
  }

  /** Whether values of outputs that are no events go by lanes in which each of them counts. */
  hasUrgentRoutes = false;

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
    this.#queues.get(node)?.clock(askedAt, wall, at);
  }

  receipt(node: string, receipt: Receipt): void {
    this.#queues.get(node)?.receipt(receipt);
  }

  connected(node: string): void {
    this.#present.add(node);
    this.#seen.add(node);
    this.queueOf(node).connected();
  }

  disconnected(node: string): void {
    this.#present.delete(node);
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
    const queue = new NodeQueue(this.#session, {
      ended: this.#parts.ended,
      confirmed: (entry) => this.#confirmed(node, entry),
    });
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

  #release(route: CompiledRoute, target: string, now: RouterNow): void {
    const to = parseSiteAddress(target);
    if (to.ok) this.queueOf(to.value.node).released(route, portAddress(to.value), now.wall, now.instant);
  }

  #confirmed(node: string, { from, to, route, origin }: Entry): void {
    if (origin === undefined) return;
    const way = wayOf(from, route ?? "", `${node}/${to ?? ""}`);
    this.#marks.done(way, origin);
    this.#parts.done?.({ way, ...origin });
  }

  #flushAgain(runner: RouteRunner, at: Instant): void {
    const { due } = runner;
    if (due === undefined || due > at) return;
    this.#at = due;
    runner.flush(due, this.#takeAgain);
  }

  readonly #take: RouteSink = (route, sample, key) => {
    const to = parseSiteAddress(route.to);
    if (!to.ok || this.#at === undefined) return undefined;
    const now = this.#at;
    const port = portAddress(to.value);
    if (route.group === undefined)
      return this.#give(route, sample, { nodes: [to.value.node], port, now, key });
    const origin = originIn(route, sample);
    const { nodes, left } = this.#choose(route, route.group, key, origin);
    if (left !== undefined) this.queueOf(left).released(route, port, sample.at, now);
    const { chosen } = this.#parts;
    const [node] = nodes;
    if (chosen === undefined || origin === undefined || node === undefined || !isOneOf(route.group))
      return this.#give(route, sample, { nodes, port, now, key });
    chosen({ way: wayOf(route.from, route.name, `${node}/${port}`), ...origin }, () => {
      this.#give(route, sample, { nodes, port, now, key });
    });
    return undefined;
  };

  readonly #takeAgain: RouteSink = (route, sample, key) => {
    const to = parseSiteAddress(route.to);
    const { origin } = sample;
    if (!to.ok || this.#at === undefined || origin === undefined) return undefined;
    const { group } = route;
    const port = portAddress(to.value);
    const way = (node: string) => wayOf(route.from, route.name, `${node}/${port}`);
    const isChosen = (node: string) => this.#choices.has(choiceOf(way(node), origin));
    const nodes =
      group === undefined ? [to.value.node] : takersAgain(group, key ?? route.from, origin, isChosen);
    const fresh = nodes.filter((node) => !this.#marks.isDone(way(node), origin));
    this.routedAgain += fresh.length;
    if (fresh.length === 0) return undefined;
    return this.#give(route, sample, { nodes: fresh, port, now: this.#at, key });
  };

  #give(route: CompiledRoute, sample: Sample, { nodes, port, now, key }: Gift): string | undefined {
    const { value, at, quality, isEvent = false } = sample;
    const routed = { value, at, quality, isEvent, origin: originIn(route, sample) };
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
    if (isBegin) return { nodes: takersAgain(group, key ?? route.from, origin, () => false) };
    this.#nowhere.produced(route.lane);
    this.#nowhere.lost(route.lane, { end: "refused", reason: "no-route" });
    return choice;
  }
}

/** What is no event is worth sending twice, but in lanes where each value counts. */
const originIn = ({ lane }: CompiledRoute, { isEvent, origin }: Sample): Origin | undefined =>
  isEvent === true || lane !== lanes.telemetry ? origin : undefined;

/** To whom a value goes, and when. */
interface Gift {
  readonly nodes: readonly string[];
  readonly port: string;
  readonly now: Instant;
  readonly key: string | undefined;
}

const choiceOf = (way: string, { session, lane, seq, sample }: Origin): string =>
  `${way} ${session} ${lane} ${seq} ${sample}`;

/** Whether the same value again leaves everything as it is. */
const isStateful = (group: RouteGroup | undefined): boolean =>
  group === undefined || group.strategy === "broadcast" || group.strategy === "consistent-hash";
