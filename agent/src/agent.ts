/**
 * The loop of an agent: takes what happens (a module's value, a message, a timer), asks the cores, and does
 * what they say over the ports. Decides nothing itself.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import {
  between,
  earliest,
  type Instant,
  type Millis,
  millis,
  seconds,
} from "@interactor/shared/kernel/units";
import { retryDelays } from "@interactor/shared/supervision/backoff";
import type { Lane } from "@interactor/shared/wire/lanes";
import { encodeReported, type InstanceReport } from "@interactor/shared/wire/messages/reported";
import { nodeTopics, parseTopic, siteTopics } from "@interactor/shared/wire/topics";
import { birthOf, deathOf } from "./core/link/announcement.ts";
import { Inbox } from "./core/inbox/inbox.ts";
import { Report } from "./core/report/report.ts";
import { adopt, nothingDesired } from "./core/revision/adopt.ts";
import { type LinkEffect, type LinkEvent, type LinkState, linkAtStart, stepLink } from "./core/link/link.ts";
import { Outbox } from "./core/outbox/outbox.ts";
import { Outputs } from "./core/outputs/outputs.ts";
import { type Now, Switchboard } from "./core/switchboard/switchboard.ts";
import { KeptRoutes } from "./agent-kept-routes.ts";
import { AgentStop } from "./agent-stop.ts";
import { AgentLedger } from "./agent-ledger.ts";
import type { AgentOptions, AgentWorld } from "./agent-world.ts";
import type { Connection } from "./ports/hub-link.ts";
import { logInstance } from "./agent-words.ts";
import type { ModuleHost } from "./ports/module-host.ts";

/** The longest wait between attempts to reach the hub. */
const retryLongest = seconds(10);
/**
 * A connection that lived this long has shown that all is well, and the next attempt is quick again. One that
 * is thrown out at once, by a second unit of its name, must slow down.
 */
const provenAfter = seconds(10);

export class Agent implements AsyncDisposable {
  readonly #options: AgentOptions;
  readonly #world: AgentWorld;
  readonly #topics: ReturnType<typeof nodeTopics>;
  readonly #switchboard: Switchboard;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #host: ModuleHost;
  readonly #outputs: Outputs;
  readonly #report: Report;
  readonly #kept: KeptRoutes;
  readonly #stop: AgentStop;
  readonly #ledger: AgentLedger;
  #link: LinkState = linkAtStart;
  #connection: Connection | undefined;
  #retries: Generator<Millis, never>;
  #desired = nothingDesired;
  #upSince: Instant | undefined;
  #isPumpDue = false;
  #cancelWake: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #wakeAt: Instant | undefined;

  constructor(options: AgentOptions, world: AgentWorld) {
    this.#options = options;
    this.#world = world;
    this.#topics = nodeTopics(options.site, options.node);
    this.#retries = retryDelays(world.random, retryLongest);
    this.#outbox = new Outbox(options.session);
    this.#report = new Report(options.session);
    this.#kept = new KeptRoutes(world.store, world.log);
    this.#switchboard = new Switchboard(options.node, {
      apply: (address, applied) => this.#host.apply(address.instance, address.port, applied),
      ownersChanged: () => this.#report.changed(),
      held: (address, value, at) => {
        this.#outbox.held(`${address.instance}/${address.port}`, value, at, this.#world.clock.now());
      },
    });
    this.#stop = new AgentStop(options, this.#switchboard, {
      ...world,
      refused: (reason) => this.#refuse(reason),
      // Somebody waits for the word that this node has stopped.
      changed: () => this.#report.begin(),
    });
    this.#outputs = new Outputs(this.#switchboard, this.#outbox);
    this.#inbox = new Inbox(this.#switchboard, {
      receipt: (receipt) => this.#outbox.receipt(receipt, world.clock.wall(), world.clock.now()),
      result: (reply) => this.#outbox.result(reply, world.clock.wall(), world.clock.now()),
      refused: (reason) => this.#refuse(`down ${reason}`),
      missed: (lane, entries) => world.log.warn("messages from the hub are missing", { lane, entries }),
    });
    const sides = { session: options.session, outbox: this.#outbox, inbox: this.#inbox };
    this.#ledger = new AgentLedger(sides, world, (document, confirmed) =>
      this.#connection?.publish(this.#topics.metric, document, { retain: false, confirmed }),
    );
    this.#host = world.openHost({
      declared: (instance, ports) => this.#declare(instance, ports),
      started: (instance) => this.#after(() => this.#switchboard.reapply(instance)),
      output: ({ instance, output, ...value }) =>
        this.#after(() => this.#outputs.take({ instance, port: output }, value, this.#now())),
      stateChanged: (instance, report) => this.#instanceChanged(instance, report),
    });
  }

  /** Starts from what the last life left on disk, without waiting for anybody. */
  async start(): Promise<void> {
    await this.#stop.load(this.#options.session);
    await this.#kept.load((document) => this.#adopt(document, "stored"));
    await this.#ledger.load();
    for (const instance of this.#options.instances) {
      this.#report.instance(instance.name, { state: "starting" });
      this.#host.start(instance);
    }
    void this.#step({ kind: "start" });
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelWake?.();
    this.#cancelRetry?.();
    await this.#host[Symbol.asyncDispose]();
    await this.#step({ kind: "stop" });
    await this.#ledger.end();
  }

  #now(): Now {
    return { instant: this.#world.clock.now(), wall: this.#world.clock.wall() };
  }

  /** Does `work`, and then whatever it made necessary, once per turn of the event loop. */
  #after(work: () => void): void {
    work();
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#wake();
    });
  }

  /** Moves everything that time or the last event made movable, and sets the timer for the rest. */
  #wake(): void {
    const now = this.#now();
    let next = earliest(this.#switchboard.tick(now), this.#stop.tick(now));
    next = earliest(next, this.#ledger.watch(now.instant));
    if (this.#link.kind === "up") {
      // Before what the inputs hold now: whoever stopped the show waits for this word.
      next = earliest(next, this.#reportIfDue(now));
      next = earliest(next, this.#outbox.pump(now.instant, this.#publishBatch));
      next = earliest(next, this.#ledger.sayIfDue(now.instant, this.#link.connection));
    }
    if (next === this.#wakeAt && next !== undefined && next > now.instant) return;
    this.#cancelWake?.();
    this.#wakeAt = next;
    this.#cancelWake =
      next === undefined
        ? undefined
        : this.#world.clock.after(millis(Math.max(between(now.instant, next), 0)), () => {
            this.#wakeAt = undefined;
            this.#wake();
          });
  }

  readonly #publishBatch = (lane: Lane, payload: Uint8Array, lastSeq: number): void => {
    this.#connection?.publish(this.#topics.up(lane), payload, {
      retain: false,
      confirmed: () => this.#after(() => this.#outbox.confirmed(lane, lastSeq)),
    });
  };

  #declare(instance: string, ports: DeclaredPorts): void {
    const spec = this.#options.instances.find((each) => each.name === instance);
    if (spec === undefined) return;
    this.#stop.declared(instance, ports);
    const declaration = { module: spec.module, version: this.#options.version, ...ports };
    this.#after(() => {
      if (this.#outputs.declare(instance, declaration, this.#now())) this.#publishBirth();
    });
  }

  #instanceChanged(instance: string, report: InstanceReport): void {
    this.#after(() => this.#report.instance(instance, report));
    logInstance(this.#world.log, instance, report);
  }

  #refuse(reason: string): void {
    this.#report.refused(reason);
  }

  #step(event: LinkEvent): Promise<void> {
    const { state, effects } = stepLink(this.#link, event);
    this.#link = state;
    return Promise.all(effects.map((effect) => this.#perform(effect))).then(() => undefined);
  }

  async #perform(effect: LinkEffect): Promise<void> {
    switch (effect.kind) {
      case "open":
        return this.#open(effect.connection);
      case "announce":
        this.#upSince = this.#world.clock.now();
        this.#world.log.info("connected to the hub");
        this.#publishBirth();
        this.#report.begin();
        return this.#after(() => this.#resume());
      case "lost":
        this.#connection = undefined;
        this.#outbox.disconnected();
        if (effect.wasUp) this.#forgiveIfProven();
        return this.#world.log.warn(effect.wasUp ? "lost the hub" : "cannot reach the hub", {
          reason: effect.reason,
        });
      case "retry-later":
        this.#cancelRetry = this.#world.clock.after(
          this.#retries.next().value,
          () => void this.#step({ kind: "retry-due" }),
        );
        return undefined;
      case "say-goodbye":
        return this.#sayGoodbye();
      default:
        return unreachable(effect);
    }
  }

  #forgiveIfProven(): void {
    const lived = this.#upSince === undefined ? 0 : between(this.#upSince, this.#world.clock.now());
    if (lived >= provenAfter) this.#retries = retryDelays(this.#world.random, retryLongest);
  }

  #open(connection: number): void {
    const { site, node, unit } = this.#options;
    const death = deathOf(this.#options, connection, "lost");
    this.#connection = this.#world.link.open(
      {
        clientId: siteTopics(site).clientId(node),
        unit,
        will: { topic: this.#topics.state, payload: death },
        subscriptions: [this.#topics.stopAll, this.#topics.downAll, this.#topics.desired],
        urgent: this.#topics.stopBase,
      },
      {
        connected: () => void this.#step({ kind: "connected", connection }),
        message: (topic, payload) => this.#after(() => this.#message(topic, payload)),
        heard: () => this.#after(() => this.#stop.heard(this.#now())),
        closed: (reason) => void this.#step({ kind: "closed", connection, reason }),
      },
    );
  }

  /** The hub may be a new one that knows nothing: it gets the latest of everything. */
  #resume(): void {
    this.#outbox.connected();
    const now = this.#now();
    this.#outputs.sayAgain(now.instant);
    this.#switchboard.repeatHeld(now);
  }

  #publishBirth(): void {
    if (this.#link.kind !== "up") return;
    const birth = birthOf(
      this.#options,
      this.#link.connection,
      this.#outputs.declared,
      this.#world.clock.wall(),
    );
    this.#connection?.publish(this.#topics.state, birth, { retain: true });
  }

  async #sayGoodbye(): Promise<void> {
    this.#ledger.say();
    const death = deathOf(this.#options, this.#link.connection, "stopped");
    this.#connection?.publish(this.#topics.state, death, { retain: true });
    await this.#connection?.close();
  }

  #message(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(topic);
    switch (parsed?.kind) {
      case "down":
        return this.#inbox.receive(parsed.lane, payload, this.#now());
      case "desired":
        this.#adopt(payload, "hub");
        return undefined;
      case "stop":
        return this.#stop.take(parsed.zone, payload);
      default:
        return this.#refuse("unexpected topic");
    }
  }

  /**
   * Takes a desired document over. The same one again restarts nothing; a wrong one leaves the old in place,
   * and what is wrong with it is returned.
   */
  #adopt(document: Uint8Array, source: "stored" | "hub"): string | undefined {
    const adoption = adopt(document, this.#desired);
    if (!adoption.ok) {
      if (adoption.error === "same") return undefined;
      this.#refuse(`desired ${adoption.error}`);
      return adoption.error;
    }
    const { desired, runners } = adoption.value;
    this.#desired = desired;
    this.#switchboard.setRoutes(runners, this.#outputs.latest, this.#now());
    this.#world.log.info("routes in place", { source, revision: desired.revision, routes: runners.length });
    this.#report.changed();
    if (source === "hub") void this.#kept.keep(document);
    return undefined;
  }

  #reportIfDue(now: Now): Instant {
    if (this.#report.isDue(now.instant)) {
      const { revision, digest } = this.#desired;
      const owners = this.#switchboard.owners();
      const { routes } = this.#switchboard;
      const running = { revision, digest, owners, routes, stop: this.#stop.report };
      const document = encodeReported(this.#report.take(running, now.instant));
      this.#connection?.publish(this.#topics.reported, document, { retain: true });
    }
    return this.#report.dueAt(now.instant);
  }
}
