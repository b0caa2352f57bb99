/**
 * The loop of the hub: takes what the broker receives, asks the cores, and does what they say over the ports.
 * Decides nothing itself.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { between, earliest, type Instant, millis, seconds } from "@interactor/shared/kernel/units";
import { placeRoutes, type Placement } from "@interactor/shared/routing/place";
import { prepareRoute } from "@interactor/shared/routing/run-route";
import { type Command, decodeCommand } from "@interactor/shared/wire/messages/command";
import { type CompiledRoute, encodeDesired, routesBytes } from "@interactor/shared/wire/messages/desired";
import { encodeHubMetric } from "@interactor/shared/wire/messages/hub-state";
import { findPort } from "@interactor/shared/wire/messages/port";
import { decodeStopLatch } from "@interactor/shared/wire/messages/stop";
import type { SiteAddress } from "@interactor/shared/wire/names";
import type { Session } from "@interactor/shared/wire/session";
import { nodeTopics, siteTopics, type Topic } from "@interactor/shared/wire/topics";
import type { AccountsOptions } from "./core/access/account.ts";
import { Gate } from "./core/access/gate.ts";
import { HubCounters } from "./core/registry/counters.ts";
import { Feed } from "./core/feed/feed.ts";
import { Router } from "./core/routing/router.ts";
import type { Admission, Broker, BrokerRules, Client, Credentials, Verdict } from "./ports/broker.ts";
import { HubAnnouncement } from "./hub-announcement.ts";
import { HubIntake } from "./hub-intake.ts";
import { HubPresence } from "./hub-presence.ts";
import type { Journal } from "./ports/journal.ts";
import type { Log } from "./ports/log.ts";
import type { Revision } from "./ports/revision-store.ts";

export interface HubOptions {
  readonly site: string;
  readonly version: string;
  readonly session: Session;
  /** Who may come in besides agents. `undefined`: everybody, as a visitor. */
  readonly accounts?: AccountsOptions | undefined;
}

export interface HubWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  /** SHA-256 in hex. */
  readonly digestOf: (bytes: Uint8Array) => string;
}

const metricInterval = seconds(1);
const pass: Verdict = { kind: "pass" };
const keep: Verdict = { kind: "keep" };

export class Hub implements BrokerRules {
  readonly options: HubOptions;
  readonly counters = new HubCounters();
  readonly router: Router;
  readonly feed: Feed;
  readonly presence: HubPresence;
  revision: Revision = { number: 0, digest: "", routes: [] };
  readonly #world: HubWorld;
  readonly #topics: ReturnType<typeof siteTopics>;
  readonly #intake: HubIntake;
  readonly #gate: Gate;
  readonly #announcement: HubAnnouncement;
  #placement: Placement = placeRoutes([]);
  #broker: Broker | undefined;
  #isWakeDue = false;
  #cancelWake: (() => void) | undefined;
  #cancelMetric: (() => void) | undefined;

  constructor(options: HubOptions, world: HubWorld) {
    this.options = options;
    this.#world = world;
    this.#topics = siteTopics(options.site);
    this.#gate = new Gate(options.site, options.accounts);
    this.router = new Router(options.session);
    this.feed = new Feed((address, payload) => {
      this.#broker?.publish(`${this.#topics.valueRoot}/${address}`, payload, { retain: true, qos: 0 });
    });
    this.presence = new HubPresence({
      ...world,
      router: this.router,
      publishDesired: (node) => this.#publishDesired(node),
      refuse: (kind, reason, node) => this.#refuse(kind, reason, node),
    });
    this.#announcement = new HubAnnouncement({
      ...world,
      ...options,
      counters: this.counters,
      publish: (document) => this.#broker?.publish(this.#topics.hubState, document, { retain: true, qos: 1 }),
    });
    this.#intake = new HubIntake({
      ...world,
      counters: this.counters,
      router: this.router,
      feed: this.feed,
      birthOf: (node) => this.presence.birthOf(node),
      refused: (reason, node) => void this.#refuse("up", reason, node),
      moved: () => this.#soon(),
    });
  }

  /** Serves over `broker` from now on. */
  start(broker: Broker): void {
    this.#broker = broker;
    this.#announcement.say("birth");
    this.#metric();
  }

  /** Says goodbye; the broker is closed by whoever opened it. */
  stop(): void {
    this.#cancelWake?.();
    this.#cancelMetric?.();
    this.#announcement.say("death");
  }

  /** Puts checked routes in place. The same ones again change nothing. Returns the revision that runs. */
  setRoutes(routes: readonly CompiledRoute[]): Revision {
    const digest = this.#world.digestOf(routesBytes(routes));
    if (digest === this.revision.digest) return this.revision;
    return this.adopt({ number: this.revision.number + 1, digest, routes });
  }

  /** Runs a revision as it stands: one that was made by `setRoutes` earlier. */
  adopt(revision: Revision): Revision {
    const before = new Set(this.#placement.nodes.keys());
    this.revision = revision;
    this.#placement = placeRoutes(revision.routes);
    const runners = this.#placement.hub.flatMap((route) => {
      const prepared = prepareRoute(route);
      return prepared.ok ? [prepared.value] : [];
    });
    const { clock } = this.#world;
    this.router.setRoutes(runners, revision.routes, { instant: clock.now(), wall: clock.wall() });
    for (const node of new Set([...before, ...this.#placement.nodes.keys(), ...this.presence.state.keys()])) {
      this.#publishDesired(node);
    }
    this.#soon();
    return revision;
  }

  admit(client: Credentials): Admission {
    return this.#gate.admit(client, this.presence.state);
  }

  maySubscribe(client: Client, filter: string): boolean {
    return this.#gate.maySubscribe(client, filter);
  }

  received(client: Client, topicText: string, payload: Uint8Array): Verdict {
    const right = this.#gate.publishRight(client, topicText);
    if (right.kind === "free") return pass;
    if (right.kind !== "ours") this.counters.refused.add("not-allowed");
    if (right.kind === "vain") return keep;
    if (right.kind === "forbidden")
      return { kind: "cut", reason: `${client.id} may not publish to ${topicText}` };
    const { topic, from } = right;
    // A state may be the will, which is the broker's word about a node that fell silent.
    if (from !== undefined && topic.kind !== "state") this.presence.heard(from);
    const verdict = this.#take(topic, payload);
    this.#soon();
    return verdict;
  }

  faulted(reason: Parameters<BrokerRules["faulted"]>[0], details: string): void {
    const isWorthALine = this.counters.faults.add(reason);
    if (isWorthALine) this.#world.log.warn(`a client was cut off: ${reason}`, { details });
  }

  #take(topic: Topic, payload: Uint8Array): Verdict {
    switch (topic.kind) {
      case "up":
        return this.#intake.accept(topic.node, topic.lane, payload);
      case "state":
        return this.presence.nodeState(topic.node, payload);
      case "reported":
        return this.presence.reported(topic.node, payload);
      case "set":
        return this.#set(topic.address, payload);
      case "stop":
        return this.#stopLatch(topic.zone, payload);
      default:
        return pass;
    }
  }

  #set(address: SiteAddress, payload: Uint8Array): Verdict {
    const decoded = decodeCommand(payload);
    if (!decoded.ok) return this.#refuse("set", decoded.error, address.node);
    const refusal = this.#whyNot(address, decoded.value);
    if (refusal !== undefined) return this.#refuse("set", refusal, address.node);
    this.router.command(address, decoded.value, this.#world.clock.wall(), this.#world.clock.now());
    return keep;
  }

  #whyNot(address: SiteAddress, command: Command): "unknown-input" | "expired" | undefined {
    const birth = this.presence.birthOf(address.node);
    const instances = birth?.instances ?? {};
    const instance = Object.hasOwn(instances, address.instance) ? instances[address.instance] : undefined;
    if (instance === undefined || findPort(instance.inputs, address.port) === undefined)
      return "unknown-input";
    return command.ttl === 0 ? "expired" : undefined;
  }

  /** Zones come with the site file; until then there is the site's own stop alone. */
  #stopLatch(zone: string, payload: Uint8Array): Verdict {
    if (zone !== "all") return this.#refuse("stop", "unknown-zone", zone);
    const latch = decodeStopLatch(payload);
    if (!latch.ok) return this.#refuse("stop", latch.error, zone);
    this.#world.log.warn(latch.value.latched ? `show stop in ${zone}` : `show stop released in ${zone}`, {
      by: latch.value.by,
    });
    return pass;
  }

  #refuse(kind: string, reason: string, node: string): Verdict {
    const isWorthALine = this.counters.refused.add(`${kind} ${reason}`);
    if (isWorthALine) this.#world.log.warn(`refused a message on ${kind}: ${reason}`, { node });
    return keep;
  }

  #publishDesired(node: string): void {
    // A hub that never had routes knows nothing of what a node shall run: that is no reason to take it away.
    if (this.revision.number === 0) return;
    const routes = this.#placement.nodes.get(node) ?? [];
    const digest = this.#world.digestOf(routesBytes(routes));
    const document = encodeDesired({ v: 1, revision: this.revision.number, digest, routes });
    const { desired } = nodeTopics(this.options.site, node);
    this.#broker?.publish(desired, document, { retain: true, qos: 1 });
  }

  /** Once a second, also as a sign of life for those who watch. */
  #metric(): void {
    this.presence.look();
    this.#announcement.look(this.presence.state.size);
    const { p50, p99 } = this.counters.latency.takeQuantiles();
    const metric = encodeHubMetric({
      v: 1,
      at: this.#world.clock.wall(),
      messagesPerSecond: this.counters.takeMessages(),
      latencyP50Ms: p50,
      latencyP99Ms: p99,
    });
    this.#broker?.publish(this.#topics.hubMetric, metric, { retain: false, qos: 0 });
    this.#cancelMetric = this.#world.clock.after(metricInterval, () => this.#metric());
  }

  /** Moves what became movable, once per turn of the event loop. */
  #soon(): void {
    if (this.#isWakeDue) return;
    this.#isWakeDue = true;
    queueMicrotask(() => {
      this.#isWakeDue = false;
      this.#wake();
    });
  }

  #wake(): void {
    const at = this.#world.clock.now();
    const next = earliest(
      this.feed.flush(at),
      this.router.pump(at, (node, lane, payload) => {
        const { site } = this.options;
        this.#broker?.send(this.#topics.clientId(node), nodeTopics(site, node).down(lane), payload);
      }),
    );
    this.#cancelWake?.();
    this.#cancelWake = next === undefined ? undefined : this.#wakeAt(at, next);
  }

  #wakeAt(at: Instant, next: Instant): () => void {
    return this.#world.clock.after(millis(Math.max(between(at, next), 0)), () => this.#wake());
  }
}
