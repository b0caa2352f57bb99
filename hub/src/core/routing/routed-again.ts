/**
 * What the life before took in and its node may not have done: it goes there again, unless it is known to have been done,
 * and with the TTL that is left of it.
 */
import { type Instant, type Millis, millis } from "@interactor/shared/kernel/units";
import type { RouteRunner, RouteSink, RouteTable, Sample } from "@interactor/shared/routing/run-route";
import type { Entry } from "@interactor/shared/wire/entry";
import { lane as lanes } from "@interactor/shared/wire/lanes";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import { parseSiteAddress, portAddress } from "@interactor/shared/wire/names";
import { type Origin, type OriginMark, OriginMarks, wayOf } from "@interactor/shared/wire/origin";
import { takersAgain } from "./group-targets.ts";

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

/** Brings a value into the queues of nodes. Returns why it does not, in words. */
export type Give = (route: CompiledRoute, sample: Sample, gift: Gift) => string | undefined;

export interface LivesBefore {
  /** What was done, and who of a group was chosen, in the lives before: the oldest first. */
  readonly marks?: readonly OriginMark[];
  readonly choices?: readonly OriginMark[];
}

export class RoutedAgain {
  /** Values that went to a node again since the start. */
  values = 0;
  readonly #give: Give;
  readonly #marks: OriginMarks;
  readonly #choices: ReadonlySet<string>;
  /** Routes that the life before had too: what was taken in before a route was there is not for it. */
  #inherited: RouteTable | undefined;
  #at: Instant | undefined;

  constructor({ marks = [], choices = [] }: LivesBefore, give: Give) {
    this.#give = give;
    this.#marks = new OriginMarks(waysMax, marks);
    this.#choices = new Set(choices.map(({ way, ...origin }) => choiceOf(way, origin)));
  }

  /** The first routes since the start are those of the life before. */
  inherit(table: RouteTable): void {
    this.#inherited ??= table;
  }

  /**
   * Which nodes send what would be routed again, and for how long it can be of use. `isEvent`: of an output,
   * `node/instance/port`, whether what it gives happens once.
   */
  reach(isEvent: (from: string) => boolean): Reach {
    const routes = this.#runners
      .map(({ route }) => route)
      .filter((route) => isOnce(route, isEvent(route.from)));
    return {
      sources: new Set(routes.map(({ from }) => from.slice(0, from.indexOf("/")))),
      span: millis(routes.reduce((longest, { ttl }) => Math.max(longest, ttl), 0)),
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
      this.#isForgotten = isForgotten;
      runner.offer(sample, at, this.#take);
    }
  }

  /** All of it was routed again: what throttles held back goes out at its own time, if that has passed. */
  settle(at: Instant): void {
    for (const runner of this.#runners) this.#flush(runner, at);
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

  #isForgotten: (node: string) => boolean = nobody;

  readonly #take: RouteSink = (route, sample, key) => {
    const to = parseSiteAddress(route.to);
    const { origin } = sample;
    if (!to.ok || this.#at === undefined || origin === undefined) return undefined;
    const { group } = route;
    const port = portAddress(to.value);
    const way = (node: string) => wayOf(route.from, route.name, `${node}/${port}`);
    const isChosen = (node: string) => this.#choices.has(choiceOf(way(node), origin));
    const takers =
      group === undefined ? [to.value.node] : takersAgain(group, key ?? route.from, origin, isChosen);
    const nodes = takers.filter((node) => !this.#marks.isDone(way(node), origin) && !this.#isForgotten(node));
    this.values += nodes.length;
    return nodes.length === 0 ? undefined : this.#give(route, sample, { nodes, port, now: this.#at, key });
  };
}

export interface Reach {
  readonly sources: ReadonlySet<string>;
  readonly span: Millis;
}

const nobody = (): boolean => false;

/** What is no event may be sent twice, but in lanes where each value counts. */
const isOnce = ({ lane }: CompiledRoute, isEvent: boolean | undefined): boolean =>
  isEvent === true || lane !== lanes.telemetry;

export const originIn = (route: CompiledRoute, { isEvent, origin }: Sample): Origin | undefined =>
  isOnce(route, isEvent) ? origin : undefined;

const choiceOf = (way: string, { session, lane, seq, sample }: Origin): string =>
  `${way} ${session} ${lane} ${seq} ${sample}`;
