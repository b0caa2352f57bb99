/**
 * The loop of the hub: takes what the broker receives, asks the cores, and does what they say over the ports.
 * Decides nothing itself.
 */
import type { Random } from "@interactor/shared/kernel/random";
import { earliest, type Instant, seconds } from "@interactor/shared/kernel/units";
import { Wake } from "@interactor/shared/kernel/wake";
import { prepareRoutes } from "@interactor/shared/routing/run-route";
import { encodeHubMetric, toldProblems } from "@interactor/shared/wire/messages/hub-state";
import type { SiteAddress } from "@interactor/shared/wire/names";
import type { Session } from "@interactor/shared/wire/session";
import { nodeTopics, siteTopics, type Topic } from "@interactor/shared/wire/topics";
import type { AccountsOptions } from "./core/access/account.ts";
import { Gate } from "./core/access/gate.ts";
import { HubCounters } from "./core/registry/counters.ts";
import { Feed } from "./core/feed/feed.ts";
import { Router, type RouterNow } from "./core/routing/router.ts";
import { HubCommands } from "./hub-commands.ts";
import { HubForget } from "./hub-forget.ts";
import { HubLedger } from "./hub-ledger.ts";
import { HubStop } from "./hub-stop.ts";
import { HubUnits } from "./hub-units.ts";
import type { Admission, Broker, BrokerRules, Client, Credentials, Verdict } from "./ports/broker.ts";
import { sayModes } from "./hub-mode-values.ts";
import { HubAgain } from "./hub-again.ts";
import { HubAnnouncement } from "./hub-announcement.ts";
import { HubFaults } from "./hub-faults.ts";
import { HubIntake } from "./hub-intake.ts";
import { HubPresence } from "./hub-presence.ts";
import { HubSite, type SiteWorld } from "./hub-site.ts";
import type { Journal } from "./ports/journal.ts";
import type { StopStore } from "./ports/stop-store.ts";

export interface HubOptions {
  readonly site: string;
  readonly version: string;
  readonly session: Session;
  /** Who may come in besides agents. `undefined`: everybody, as a visitor. */
  readonly accounts?: AccountsOptions | undefined;
  /** Any unit may fill any node that nobody fills just now. */
  readonly anyUnit?: boolean;
}

export interface HubWorld extends SiteWorld {
  readonly random: Random;
  readonly journal: Journal;
  readonly stopStore: StopStore;
}

const metricInterval = seconds(1);
const pass: Verdict = { kind: "pass" };
const keep: Verdict = { kind: "keep" };

export class Hub implements BrokerRules {
  readonly options: HubOptions;
  readonly counters = new HubCounters();
  readonly ledger: HubLedger;
  readonly router: Router;
  readonly feed: Feed;
  readonly showStop: HubStop;
  readonly presence: HubPresence;
  readonly site: HubSite;
  readonly units: HubUnits;
  readonly #world: HubWorld;
  readonly #topics: ReturnType<typeof siteTopics>;
  readonly #intake: HubIntake;
  readonly #again: HubAgain;
  readonly #gate: Gate;
  readonly #commands: HubCommands;
  readonly #forget: HubForget;
  readonly #announcement: HubAnnouncement;
  readonly #faults: HubFaults;
  readonly #wake: Wake;
  #broker: Broker | undefined;
  #problems: () => readonly string[] = () => [];
  #cancelMetric: (() => void) | undefined;

  constructor(options: HubOptions, world: HubWorld) {
    this.options = options;
    this.#world = world;
    this.#wake = new Wake(world.clock, queueMicrotask, (at) => this.#move(at));
    this.#faults = new HubFaults({ ...world, counters: this.counters });
    this.ledger = new HubLedger(this.counters, this.#faults);
    this.#topics = siteTopics(options.site);
    this.units = new HubUnits({ ...world, ...options, unitOf: (node) => this.presence.unitHere(node) });
    this.#gate = new Gate(options.site, options.accounts, this.units.book);
    this.router = new Router(options.session, {
      ended: (entry, loss) => this.#commands.ended(entry, loss),
      nowhere: this.ledger.nowhere,
      ...world.journal.kept,
      done: (mark) => this.#again.done(mark),
      chosen: (mark, then) => this.#again.chosen(mark, then),
      random: world.random,
    });
    this.showStop = new HubStop(options.session, {
      ...world,
      store: world.stopStore,
      publish: (zone, document) =>
        this.#broker?.publish(this.#topics.stop(zone), document, { retain: true, qos: 1 }),
    });
    const answer = (topic: string, payload: Uint8Array) =>
      this.#broker?.publish(topic, payload, { retain: false, qos: 1 });
    this.#commands = new HubCommands(options.site, this, answer);
    const publish = (root: string, retain: boolean) => (address: string, payload: Uint8Array) =>
      this.#broker?.publish(`${root}/${address}`, payload, { retain, qos: 0 });
    const { valueRoot, rawRoot } = this.#topics;
    this.feed = new Feed(options.site, { value: publish(valueRoot, true), raw: publish(rawRoot, false) });
    this.presence = this.#presenceOf(world);
    this.#forget = new HubForget({ ...world, ...options, presence: this.presence, publish: answer });
    this.#announcement = new HubAnnouncement({
      ...world,
      ...options,
      counters: this.counters,
      publish: (document) => this.#broker?.publish(this.#topics.hubState, document, { retain: true, qos: 1 }),
    });
    this.site = this.#siteOf(world);
    this.#again = new HubAgain({ ...world, router: this.router, moved: () => this.#wake.soon() });
    this.#intake = new HubIntake({
      ...world,
      again: this.#again,
      counters: this.counters,
      router: this.router,
      ledger: this.ledger,
      commands: this.#commands,
      feed: this.feed,
      birthOf: (node) => this.presence.birthOf(node),
      refused: (reason, node) => void this.#refuse("up", reason, node),
      moved: () => this.#wake.soon(),
    });
  }

  #presenceOf(world: HubWorld): HubPresence {
    return new HubPresence({
      ...world,
      faults: this.#faults,
      router: this.router,
      feed: this.feed,
      showStop: this.showStop,
      ledger: this.ledger,
      forgotten: (node) => this.#forgotten(node),
      site: () => this.site,
      units: this.units,
      refuse: (kind, reason, node) => this.#refuse(kind, reason, node),
    });
  }

  #siteOf(world: HubWorld): HubSite {
    return new HubSite({
      ...world,
      site: this.options.site,
      isThere: (node) => this.presence.isHere(node),
      zonesOf: (node) => this.presence.birthOf(node)?.zones ?? [],
      clockSetAt: () => this.#announcement.clockSetAt,
      serve: (own, all) => {
        this.router.setRoutes(prepareRoutes(own), all, this.#now());
        this.#wake.soon();
      },
      publish: (topic, payload, retain) => this.#broker?.publish(topic, payload, { retain, qos: 1 }),
      say: (modes, news) => {
        sayModes(this, this.#now(), modes, news);
        this.#wake.soon();
      },
    });
  }

  /** Takes up what the life before may not have delivered, by the routes that are in place. */
  resume(): Promise<void> {
    return this.#again.run();
  }

  /** Takes up what the life before was told, before anybody comes. */
  async load(): Promise<void> {
    await this.showStop.load();
    await this.site.load();
  }

  /** Serves over `broker` from now on. `problems`: what keeps it from working wholly, in words. */
  start(broker: Broker, problems: () => readonly string[]): void {
    this.#broker = broker;
    this.#problems = problems;
    this.showStop.start();
    this.site.start();
    this.#announcement.start(this.showStop.nodesKept);
    this.#metric();
  }

  /** Says goodbye; the broker is closed by whoever opened it. */
  stop(): void {
    this.#wake.end();
    this.#cancelMetric?.();
    this.#faults.end();
    this.#again.end();
    this.#announcement.end();
    this.site.end();
  }

  admit(client: Credentials): Admission {
    return this.#gate.admit(client, this.presence.state);
  }

  maySubscribe(client: Client, filter: string): boolean {
    const { clock } = this.#world;
    return this.#gate.maySubscribe(client, filter) && this.feed.taps.ask(filter, clock.now());
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
    // What agents send says itself when it has moved something, which is mostly later.
    if (topic.kind !== "up") this.#wake.soon();
    return verdict;
  }

  faulted(...told: Parameters<BrokerRules["faulted"]>): void {
    this.#faults.client(...told);
  }

  #take(topic: Topic, payload: Uint8Array): Verdict {
    switch (topic.kind) {
      case "up":
        return this.#intake.accept(topic.node, topic.lane, payload);
      case "state":
        return this.#intake.announced(topic.node, this.presence.nodeState(topic.node, payload), payload);
      case "reported":
        return this.presence.reported(topic.node, payload);
      case "vote":
        return this.#refuse("vote", this.site.voted(topic.node, payload), topic.node);
      case "metric":
        return this.#nodeLedger(topic.node, payload);
      case "set":
        return this.#set(topic.address, payload);
      case "forget":
        return this.#refuse("forget", this.#forget.asked(topic.node, payload), topic.node);
      case "stop":
        // What is asked goes no further: everybody is told what holds now.
        return this.#refuse(
          "stop",
          this.showStop.asked(topic.zone, payload, this.presence.state),
          topic.zone,
        );
      default:
        return pass;
    }
  }

  #nodeLedger(node: string, payload: Uint8Array): Verdict {
    const refusal = this.ledger.said(node, payload, this.presence.state);
    return refusal === undefined ? pass : this.#refuse("metric", refusal, node);
  }

  #set(address: SiteAddress, payload: Uint8Array): Verdict {
    const refusal = this.#commands.set(address, payload, this.presence.state, this.#now());
    return refusal === undefined ? keep : this.#refuse("set", refusal, address.node);
  }

  /** Counts a refusal; without a reason there is none. */
  #refuse(kind: string, reason: string | undefined, node: string): Verdict {
    if (reason !== undefined) this.#faults.message(kind, reason, node);
    return keep;
  }

  /** What is retained of it goes, so that whoever watches forgets it too. */
  #forgotten(node: string): void {
    this.#intake.forgotten(node);
    this.site.forgotten(node);
    this.units.forget(node);
    const { state, reported, desired } = nodeTopics(this.options.site, node);
    for (const topic of [state, reported, desired])
      this.#broker?.publish(topic, new Uint8Array(), { retain: true, qos: 1 });
  }

  /** Once a second, also as a sign of life for those who watch. */
  #metric(): void {
    this.presence.look();
    this.#announcement.look(this.presence.state.size);
    this.#faults.sumUp();
    this.showStop.sumUp();
    const { p50, p99 } = this.counters.latency.takeQuantiles();
    const metric = encodeHubMetric({
      v: 1,
      at: this.#world.clock.wall(),
      messagesPerSecond: this.counters.takeMessages(),
      latencyP50Ms: p50,
      latencyP99Ms: p99,
      problems: toldProblems(this.#problems()),
    });
    this.#broker?.publish(this.#topics.hubMetric, metric, { retain: false, qos: 0 });
    this.#cancelMetric = this.#world.clock.after(metricInterval, () => this.#metric());
  }

  /** Moves what became movable. Returns when there will be more of it. */
  #move(at: Instant): Instant | undefined {
    // What goes to nodes comes first: people watch, and they can wait for it.
    const routed = this.router.pump(at, (node, lane, payload) => {
      const { site } = this.options;
      this.#broker?.send(this.#topics.clientId(node), nodeTopics(site, node).down(lane), payload);
    });
    const answers = this.#commands.flush(at, this.presence.state);
    return earliest(routed, earliest(answers, this.feed.flush(at)));
  }

  #now(): RouterNow {
    return { instant: this.#world.clock.now(), wall: this.#world.clock.wall() };
  }
}
