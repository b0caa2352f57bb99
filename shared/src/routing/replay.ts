/**
 * What routes would have made of values that were recorded: the same runners as on nodes and hub, on a clock that goes
 * on with the values and with what is held. Nothing here depends on how fast it is played, so the same values give the
 * same outputs, to the byte.
 *
 * Of a group it is not played which of its nodes takes a value: that hangs on who was there.
 */
import { earliest, type Instant, instant, type Micros, micros } from "../kernel/units.ts";
import { encodeCbor, wireInteger } from "../wire/cbor.ts";
import type { Quality } from "../wire/entry.ts";
import type { CompiledRoute } from "../wire/messages/desired.ts";
import type { Value } from "../wire/value.ts";
import { prepareRoutes, type RouteRunner, type RouteSink, RouteTable } from "./run-route.ts";
import type { Sample } from "./sample.ts";

/** A value of an output, `node/instance/output`, and when it came to whoever routes it. */
export interface Reading {
  readonly at: Micros;
  readonly from: string;
  readonly sample: Sample;
}

/** What a route gave. */
export interface ReplayOutput {
  /** When, by the clock of the recording. */
  readonly at: Micros;
  readonly route: string;
  /** `node/instance/input`; with a group, its name in the place of the node's. */
  readonly to: string;
  readonly value: Value;
  readonly quality: Quality;
  /** When what it was made of was measured. */
  readonly stamp: Micros;
  /** What its group chooses by. */
  readonly key?: string | undefined;
}

export type ReplaySink = (output: ReplayOutput) => void;

/** All routes of a site, wherever they run: each list is one place, which shares nothing with the others. */
export type Places = readonly (readonly CompiledRoute[])[];

export class Replay {
  readonly runners: readonly RouteRunner[];
  readonly #tables: readonly RouteTable[];
  readonly #sink: ReplaySink;
  /** The recording's time at instant 0; what is due is counted from there. */
  readonly #begin: Micros;
  /** By output, the places that have a route for it: a recording has a few thousand outputs at most. */
  readonly #fed = new Map<string, readonly RouteTable[]>();
  #now = instant(0);
  /** Nothing that is held comes out before. */
  #due: Instant | undefined;
  /** What came out at one moment. */
  #given: ReplayOutput[] = [];

  /** `begin`: no value comes before. */
  constructor(places: Places, begin: Micros, sink: ReplaySink) {
    this.#tables = places.map((routes) => new RouteTable(prepareRoutes(routes)));
    this.runners = this.#tables.flatMap((table) => table.runners);
    this.#begin = begin;
    this.#sink = sink;
  }

  /** Values come in the order of their times; one that claims to be earlier comes now. */
  take({ at, from, sample }: Reading): void {
    this.#lookUntil(this.#instantOf(at));
    for (const table of this.#fedBy(from)) {
      table.offer(from, sample, this.#now, this.#take);
      this.#due = earliest(this.#due, table.flush(this.#now, this.#take));
    }
    this.#tell();
  }

  /** Lets out what is held and due by then. */
  end(until: Micros): void {
    this.#lookUntil(this.#instantOf(until));
  }

  #instantOf(at: Micros): Instant {
    return instant(Math.max((at - this.#begin) / 1000, this.#now));
  }

  #fedBy(from: string): readonly RouteTable[] {
    const known = this.#fed.get(from);
    if (known !== undefined) return known;
    const fed = this.#tables.filter((table) => table.fedBy(from).length > 0);
    this.#fed.set(from, fed);
    return fed;
  }

  #lookUntil(until: Instant): void {
    while (this.#due !== undefined && this.#due <= until) {
      this.#now = instant(Math.max(this.#due, this.#now));
      this.#due = undefined;
      for (const table of this.#tables) this.#due = earliest(this.#due, table.flush(this.#now, this.#take));
      this.#tell();
    }
    this.#now = until;
  }

  readonly #take: RouteSink = (route, { value, quality, at }, key) => {
    const { name, to } = route;
    const now = micros(this.#begin + this.#now * 1000);
    this.#given.push({ at: now, route: name, to, value, quality, stamp: at, key });
    return undefined;
  };

  /** In the order of the routes' names: which place is looked at first must not be seen. */
  #tell(): void {
    if (this.#given.length === 0) return;
    const given = this.#given;
    this.#given = [];
    for (const output of given.toSorted((left, right) => order(left.route, right.route))) this.#sink(output);
  }
}

const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** The bytes of one output in a log of them, by which two replays are compared. */
export const outputBytes = ({ at, route, to, value, quality, stamp, key }: ReplayOutput): Uint8Array =>
  encodeCbor([wireInteger(at), route, to, value, quality, wireInteger(stamp), key ?? null]);
