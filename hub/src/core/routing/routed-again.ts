/**
 * What the life before took in and its node may not have done: it goes there again, unless it is known to have been done,
 * and with the TTL that is left of it.
 */
import { type Instant, type Millis, millis } from "@interactor/shared/kernel/units";
import {
  type RouteRunner,
  type RouteSink,
  RouteTable,
  type Sample,
} from "@interactor/shared/routing/run-route";
import type { Entry } from "@interactor/shared/wire/entry";
import { lane as lanes } from "@interactor/shared/wire/lanes";
import type { CompiledRoute, RouteGroup } from "@interactor/shared/wire/messages/desired";
import { parseSiteAddress, portAddress } from "@interactor/shared/wire/names";
import { hasWildcard, nodeOfFilter } from "@interactor/shared/wire/output-filter";
import { type Origin, type OriginMark, OriginMarks, wayOf } from "@interactor/shared/wire/origin";
import { isForAll, isOneOf, takerAtStart } from "./group-targets.ts";

/** Ways of events that are known to have been done, at the hub. More: evict the one used longest ago; its node knows too. */
const waysMax = 20_000;

/** To whom a value goes, and when. */
export interface Gift {
  readonly nodes: readonly string[];
  /** `instance/input` */
  readonly port: string;
  readonly now: Instant;
  readonly key: string | undefined;
  /** So many came together with the value and were replaced by it. */
  readonly older?: number | undefined;
}

export interface AgainSink {
  /** Brings a value into the queues of nodes. Returns why it does not, in words. */
  give(route: CompiledRoute, sample: Sample, gift: Gift): string | undefined;
  /** Who of a group is to do an event. */
  chosen(mark: OriginMark): void;
}

export interface LivesBefore {
  /** What was done, and who of a group was chosen, in the lives before: the oldest first. */
  readonly marks?: readonly OriginMark[];
  readonly choices?: readonly OriginMark[];
}

export class RoutedAgain {
  /** Values that went to a node again since the start. */
  values = 0;
  readonly #sink: AgainSink;
  readonly #marks: OriginMarks;
  readonly #choices: ReadonlySet<string>;
  /** Up to which event it was decided who of a group does it. */
  readonly #decided: OriginMarks;
  /** Routes that the life before had too, and that are still there: what came in before a route was is not for it. */
  #inherited: RouteTable | undefined;
  /** All that are there now. It lets out what the others hold. */
  #table: RouteTable | undefined;
  /** What came in before the start, while anybody holds it: of a node, whether it was forgotten since. */
  readonly #before = new WeakMap<Origin, (node: string) => boolean>();
  #at: Instant | undefined;

  constructor({ marks = [], choices = [] }: LivesBefore, sink: AgainSink) {
    this.#sink = sink;
    this.#marks = new OriginMarks(waysMax, marks);
    this.#choices = new Set(choices.map(({ way, ...origin }) => choiceOf(way, origin)));
    const decided = [...marks, ...choices].map((mark) => ({ ...mark, way: wayToAny(mark.way) }));
    this.#decided = new OriginMarks(waysMax, decided);
  }

  /**
   * The routes that are in place. The first since the start are those of the life before; of these, one that has changed
   * or gone while the hub was down takes nothing of what came in before.
   */
  inherit(table: RouteTable): void {
    this.#table = table;
    const present = new Set(table.runners);
    const { runners } = this.#inherited ?? table;
    this.#inherited = new RouteTable(runners.filter((runner) => present.has(runner)));
  }

  /** Of the nodes that are known, those that a route here begins at. */
  feedersAmong(known: Iterable<string>): ReadonlySet<string> {
    return nodesAmong(
      this.#runners.map(({ route }) => route),
      known,
    );
  }

  /**
   * Which nodes send what would be routed again, and for how long it can be of use. `isEvent`: of an output,
   * `node/instance/port`, whether what it gives happens once.
   */
  reach(isEvent: (from: string) => boolean, known: Iterable<string>): Reach {
    const routes = this.#runners.map(({ route }) => route).filter((route) => mayBeOnce(route, isEvent));
    return {
      sources: nodesAmong(routes, known),
      span: millis(routes.reduce((longest, route) => Math.max(longest, route.ttl + keptFor(route)), 0)),
    };
  }

  /**
   * A value of an output that the life before took in, at that time: what its node has not done by all that is known goes
   * there again. What its agent says again by itself is left to it. `isForgotten`: whom nothing of then is for any more.
   */
  value(from: string, sample: Sample, at: Instant, isForgotten: (node: string) => boolean = nobody): void {
    for (const runner of this.#inherited?.fedBy(from) ?? []) {
      if (!isOnce(runner.route, sample.isEvent)) continue;
      this.#flush(runner, at);
      this.#at = at;
      if (sample.origin !== undefined) this.#before.set(sample.origin, isForgotten);
      runner.offer(runner.route.from === from ? sample : { ...sample, from }, at, this.#take);
    }
  }

  /** Whether any route takes again what an output has given; `isEvent`: it happens once. */
  isWanted(from: string, isEvent: boolean): boolean {
    return this.#inherited?.fedBy(from).some(({ route }) => isOnce(route, isEvent)) ?? false;
  }

  /**
   * Whether nothing of a node's batch is to be routed again: `last` stands behind all that is in it. `isEvent`: as in
   * `reach`.
   */
  isDone(node: string, last: Origin, isEvent: (from: string) => boolean): boolean {
    return this.#runners.every((runner) => {
      const { route } = runner;
      const source = nodeOfFilter(route.from);
      if (source !== undefined && source !== node) return true;
      // What is said again by its agent is never confirmed as done, and must not have all that is beside it read.
      if (!mayBeOnce(route, isEvent)) return true;
      // What operators let out depends on what came before; who of a group has its turn, on each event by itself.
      const isPlain = route.throttle === undefined && route.through === undefined && !hasWildcard(route.from);
      const isByItself = isPlain && (route.group === undefined || !isOneOf(route.group));
      const to = parseSiteAddress(route.to);
      if (!isByItself || !to.ok) return false;
      const port = portAddress(to.value);
      const nodes = route.group?.nodes ?? [to.value.node];
      return nodes.every((each) =>
        this.#marks.isDone(wayOf(route.from, route.name, `${each}/${port}`), last),
      );
    });
  }

  /** All of it was routed again: what throttles held back goes out at its own time, if that has passed. */
  settle(at: Instant): void {
    for (const runner of this.#runners) {
      this.#flush(runner, at);
      this.#table?.watch(runner);
    }
  }

  /** Whether a value that operators let out came in before the start: it may have been done. */
  isBefore({ origin }: Sample): boolean {
    return origin !== undefined && this.#before.has(origin);
  }

  /** Takes what an operator has held since then. */
  late(at: Instant, ...[route, sample, key]: Parameters<RouteSink>): string | undefined {
    this.#at = at;
    return this.#take(route, sample, key);
  }

  /**
   * Who of the group was to do it by the word of a life before: what is urgent is routed before it is written, and comes
   * again when only that word was.
   */
  chosenBefore(group: RouteGroup, origin: Origin, way: (node: string) => string): string | undefined {
    if (this.#choices.size === 0) return undefined;
    return group.nodes.find((node) => this.#choices.has(choiceOf(way(node), origin)));
  }

  /** A node has confirmed it. Gives the mark of an event; `undefined`: it is none. */
  confirmed(node: string, { from, to, route, origin }: Entry): OriginMark | undefined {
    if (origin === undefined) return undefined;
    const way = wayOf(from, route ?? "", `${node}/${to ?? ""}`);
    this.#marks.done(way, origin);
    return { way, ...origin };
  }

  get #runners(): readonly RouteRunner[] {
    return this.#inherited?.runners ?? [];
  }

  #flush(runner: RouteRunner, at: Instant): void {
    const { due } = runner;
    if (due === undefined || due > at) return;
    this.#at = due;
    runner.flush(due, this.#take);
  }

  readonly #take: RouteSink = (route, sample, key) => {
    const to = parseSiteAddress(route.to);
    const { origin } = sample;
    if (!to.ok || this.#at === undefined || origin === undefined) return undefined;
    const { group } = route;
    const port = portAddress(to.value);
    const { from = route.from } = sample;
    const way = (node: string) => wayOf(from, route.name, `${node}/${port}`);
    const isForgotten = this.#before.get(origin) ?? nobody;
    const chooser = key ?? (hasWildcard(route.from) ? from : undefined);
    const takers =
      group !== undefined && isOneOf(group) && !isForAll(group, sample, chooser)
        ? this.#takersOf(group, key ?? from, origin, way)
        : (group?.nodes ?? [to.value.node]);
    const nodes = takers.filter((node) => !this.#marks.isDone(way(node), origin) && !isForgotten(node));
    this.values += nodes.length;
    return nodes.length === 0
      ? undefined
      : this.#sink.give(route, sample, { nodes, port, now: this.#at, key });
  };

  /** Whoever was chosen before. When nobody was, none has got it, unless a later one was decided: then it is not known. */
  #takersOf(
    group: RouteGroup,
    key: string,
    origin: Origin,
    way: (node: string) => string,
  ): readonly string[] {
    const chosen = this.chosenBefore(group, origin, way);
    if (chosen !== undefined) return [chosen];
    const taker = takerAtStart(group, key, origin);
    if (taker === undefined || this.#decided.isDone(wayToAny(way(taker)), origin)) return [];
    this.#sink.chosen({ way: way(taker), ...origin });
    return [taker];
  }
}

export interface Reach {
  readonly sources: ReadonlySet<string>;
  readonly span: Millis;
}

/** How long operators may keep a value before its TTL begins. */
const keptFor = ({ through = [] }: CompiledRoute): number =>
  through.reduce((sum, operator) => sum + ("span" in operator ? operator.span : 0), 0);

/** Of the nodes that are known, those whose outputs feed one of these routes. */
function nodesAmong(routes: readonly CompiledRoute[], known: Iterable<string>): ReadonlySet<string> {
  const named = routes.map(({ from }) => nodeOfFilter(from));
  if (named.includes(undefined)) return new Set(known);
  return new Set(named.filter((node) => node !== undefined));
}

const nobody = (): boolean => false;

/** What is no event may be sent twice, but in lanes where each value counts. */
const isOnce = ({ lane }: CompiledRoute, isEvent: boolean | undefined): boolean =>
  isEvent === true || lane !== lanes.telemetry;

/** `isEvent`: of an output that the route may be fed by. A filter may stand for outputs of any kind. */
const mayBeOnce = (route: CompiledRoute, isEvent: (from: string) => boolean): boolean =>
  isOnce(route, hasWildcard(route.from) || isEvent(route.from));

export const originIn = (route: CompiledRoute, { isEvent, origin }: Sample): Origin | undefined =>
  isOnce(route, isEvent) ? origin : undefined;

/** The way without the node that it leads to. */
const wayToAny = (way: string): string => {
  const to = way.lastIndexOf(" ") + 1;
  return way.slice(0, to) + way.slice(way.indexOf("/", to));
};

const choiceOf = (way: string, { session, lane, seq, sample }: Origin): string =>
  `${way} ${session} ${lane} ${seq} ${sample}`;
