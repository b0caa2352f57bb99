/** What waits to go to one node: routed values and commands, freed by the node's receipts. */
import type { Instant, Micros, Millis } from "@interactor/shared/kernel/units";
import { type Entry, entryFlag, hasFlag, type Quality, quality } from "@interactor/shared/wire/entry";
import { type Lane, lane as lanes } from "@interactor/shared/wire/lanes";
import { isReplacedByNewer } from "@interactor/shared/routing/run-route";
import { conflated, type Ended, SharedRoom } from "@interactor/shared/wire/lane-queue";
import { type Confirmed, LaneSender, type Publish } from "@interactor/shared/wire/lane-sender";
import { Ledger } from "@interactor/shared/wire/ledger";
import {
  clockExchangeTtl,
  nodeBatchEntriesMax,
  nodeBatchGap,
  nodeQueueBytesMax,
  nodeQueueMessagesMax,
  nodeQueueOwnBytes,
  nodeQueuesBytesMax,
  routesMax,
} from "@interactor/shared/wire/limits";
import { clockReplyBody } from "@interactor/shared/wire/messages/clock-exchange";
import { type Command, commandBody } from "@interactor/shared/wire/messages/command";
import type { CompiledRoute } from "@interactor/shared/wire/messages/desired";
import type { Receipt } from "@interactor/shared/wire/messages/receipt";
import type { Origin } from "@interactor/shared/wire/origin";
import type { Session } from "@interactor/shared/wire/session";
import type { Value } from "@interactor/shared/wire/value";

export interface RoutedValue {
  readonly value: Value;
  readonly at: Micros;
  readonly quality: Quality;
  /** It happened, and says not only how something is now: each one counts. */
  readonly isEvent?: boolean;
  /** Somebody is told late how it is. */
  readonly isAgain?: boolean;
  /** The output, where the route names several. */
  readonly from?: string | undefined;
  /** Of what must not be done twice, also when another life of the hub sends it again. */
  readonly origin?: Origin | undefined;
  /** So many came together with it and were replaced by it. */
  readonly older?: number | undefined;
}

export interface NodeQueueParts {
  /** Told of what ends here unsent. */
  readonly ended?: Ended | undefined;
  /** Told of what the node has taken. */
  readonly confirmed?: Confirmed;
  /** What the queues of all nodes may hold together. */
  readonly room?: SharedRoom;
}

export class NodeQueue {
  readonly ledger = new Ledger();
  readonly #keys = new ConflationKeys();
  readonly #session: Session;
  readonly #sender: LaneSender;

  constructor(
    session: Session,
    { ended, confirmed, room = new SharedRoom(nodeQueuesBytesMax) }: NodeQueueParts = {},
  ) {
    this.#session = session;
    const limits = {
      messagesMax: nodeQueueMessagesMax,
      bytesMax: nodeQueueBytesMax,
      shared: { ownBytes: nodeQueueOwnBytes, room },
      batchEntriesMax: nodeBatchEntriesMax,
      batchGap: nodeBatchGap,
    };
    this.#sender = new LaneSender(session, limits, this.ledger, { ended, confirmed });
  }

  get queued(): number {
    return this.#sender.queued;
  }

  /** Whether critical messages fill it, so that the next one has to be refused. */
  get isCriticalFull(): boolean {
    return this.#sender.isFullOf(lanes.critical);
  }

  depth(lane: Lane): number {
    return this.#sender.depth(lane);
  }

  /**
   * A newer value of a route replaces the one that waits: an input wants to know where to be, not where it was. Events
   * are all kept, for as long as their TTL. `about`: what the value is about, when a route tells of several things; each has its own newest.
   */
  routed(
    route: Omit<CompiledRoute, "ttl"> & { readonly ttl: Millis | null },
    to: string,
    routed: RoutedValue,
    at: Instant,
    about = "",
  ): boolean {
    const state = {
      at: routed.at,
      from: routed.from ?? route.from,
      to,
      ttl: route.ttl,
      flags: routed.isAgain === true ? entryFlag.historical : routed.isEvent === true ? entryFlag.news : 0,
      trace: null,
      quality: routed.quality,
      body: routed.value,
      route: route.name,
    };
    const entry = routed.origin === undefined ? state : { ...state, origin: routed.origin };
    const isState = isReplacedByNewer(route, routed);
    if (routed.older !== undefined && routed.older > 0) {
      this.ledger.produced(route.lane, routed.older);
      this.ledger.lost(route.lane, conflated, routed.older);
    }
    const key = isState ? this.#keys.of(route.name, to, about) : undefined;
    return this.#sender.offer({ lane: route.lane, entry, key }, at);
  }

  /** The route is gone: what it holds at the node is let go, also when the node is there again only tomorrow. */
  released(route: CompiledRoute, to: string, wall: Micros, at: Instant): void {
    this.routed({ ...route, ttl: null }, to, { value: null, at: wall, quality: quality.good }, at);
  }

  /** What the route follows is gone: where the node has a failsafe for that input, it begins. A node that is away knows. */
  sourceLost(route: CompiledRoute, to: string, wall: Micros, at: Instant): void {
    this.routed(route, to, { value: null, at: wall, quality: quality.stale }, at);
  }

  command(to: string, command: Command, wall: Micros, at: Instant): boolean {
    const entry = {
      at: wall,
      from: "",
      to,
      ttl: command.ttl,
      flags: entryFlag.command,
      trace: null,
      quality: quality.good,
      body: commandBody(command),
    };
    return this.#sender.offer({ lane: lanes.control, entry, key: undefined }, at);
  }

  /** Answers what the node asked at `askedAt`. A newer answer replaces one that waits: that one is worth less. */
  clock(askedAt: number, wall: Micros, at: Instant): boolean {
    const entry = {
      at: wall,
      from: "",
      to: null,
      ttl: clockExchangeTtl,
      flags: entryFlag.clock,
      trace: null,
      quality: quality.good,
      body: clockReplyBody({ askedAt, receivedAt: wall, repliedAt: wall }),
    };
    return this.#sender.offer({ lane: lanes.control, entry, key: "clock" }, at);
  }

  receipt(receipt: Receipt): void {
    if (receipt.session === this.#session) this.#sender.confirm(receipt.lane, receipt.seq);
  }

  connected(): void {
    this.#sender.connected();
  }

  /** Another life of the node: what the one before may have done is not done again, unless it says only how something is. */
  restarted(): void {
    this.#sender.restarted(isState, { end: "refused", reason: "node-restarted" });
  }

  disconnected(): void {
    this.#sender.disconnected();
  }

  /** The node is forgotten, and what waits for it with it. */
  clear(): void {
    this.#sender.clear({ end: "evicted", reason: "node-forgotten" });
  }

  pump(at: Instant, publish: Publish): Instant | undefined {
    return this.#sender.pump(at, publish);
  }
}

/** It can be told twice: an event would happen twice, and so would a command, which is told to its sender. */
const isState = (entry: Entry): boolean => entry.origin === undefined && !hasFlag(entry, entryFlag.command);

/** Under which key a value replaces the one before: a route asks with each, and mostly for the same. */
class ConflationKeys {
  /** By route. More than there may be routes: all are forgotten, and made again. */
  readonly #known = new Map<string, { readonly to: string; readonly key: string }>();

  of(route: string, to: string, about: string): string {
    if (about !== "") return `${route} ${to} ${about}`;
    const known = this.#known.get(route);
    if (known?.to === to) return known.key;
    const key = `${route} ${to} `;
    if (this.#known.size >= routesMax) this.#known.clear();
    this.#known.set(route, { to, key });
    return key;
  }
}
