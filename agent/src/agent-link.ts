/** The agent's connections to its hub, one after the other: does over the port what the core in `core/link` says. */
import { unreachable } from "@interactor/shared/kernel/assert";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import type { AgentOptions, AgentWorld } from "./agent-world.ts";
import { deathOf, listenedTo } from "./core/link/announcement.ts";
import { type LinkEffect, type LinkEvent, type LinkState, linkAtStart, stepLink } from "./core/link/link.ts";
import { Reconnect } from "./core/link/reconnect.ts";
import type { Connection, PublishOptions } from "./ports/hub-link.ts";

export interface LinkSink {
  connected(): void;
  /** `wasUp`: it was connected. */
  lost(wasUp: boolean): void;
  /** The last moment in which something can be said. */
  leaving(): void;
  message(topic: string, payload: Uint8Array): void;
  /** Something came, if only a sign of life. */
  heard(): void;
}

export class AgentLink {
  readonly #options: AgentOptions;
  readonly #world: Pick<AgentWorld, "clock" | "link" | "log">;
  readonly #sink: LinkSink;
  readonly #stateTopic: string;
  readonly #reconnect: Reconnect;
  #state: LinkState = linkAtStart;
  #connection: Connection | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(options: AgentOptions, world: AgentWorld, sink: LinkSink) {
    this.#options = options;
    this.#world = world;
    this.#sink = sink;
    this.#stateTopic = nodeTopics(options.site, options.node).state;
    this.#reconnect = new Reconnect(world.random);
  }

  /** The number of the connection that is up. */
  get up(): number | undefined {
    return this.#state.kind === "up" ? this.#state.connection : undefined;
  }

  start(): void {
    void this.#step({ kind: "start" });
  }

  /** A connection that is lost is not tried again. */
  stay(): void {
    this.#cancelRetry?.();
  }

  end(): Promise<void> {
    return this.#step({ kind: "stop" });
  }

  /** What is published while there is no connection goes nowhere. */
  publish(topic: string, payload: Uint8Array, options: PublishOptions): void {
    this.#connection?.publish(topic, payload, options);
  }

  /** The hub has said over how long its nodes shall spread when they come back; `undefined`: it does not mind. */
  spreadOver(span: number | undefined): void {
    this.#reconnect.setSpread(span);
  }

  #step(event: LinkEvent): Promise<void> {
    const { state, effects } = stepLink(this.#state, event);
    this.#state = state;
    return Promise.all(effects.map((effect) => this.#perform(effect))).then(() => undefined);
  }

  async #perform(effect: LinkEffect): Promise<void> {
    const { clock, log } = this.#world;
    switch (effect.kind) {
      case "open":
        return this.#open(effect.connection);
      case "announce":
        this.#reconnect.up(clock.now());
        log.info("connected to the hub");
        return this.#sink.connected();
      case "lost":
        this.#connection = undefined;
        this.#sink.lost(effect.wasUp);
        return log.warn(effect.wasUp ? "lost the hub" : "cannot reach the hub", { reason: effect.reason });
      case "retry-later":
        this.#cancelRetry = clock.after(
          this.#reconnect.delayAfterLoss(clock.now()),
          () => void this.#step({ kind: "retry-due" }),
        );
        return undefined;
      case "say-goodbye":
        return this.#sayGoodbye();
      default:
        return unreachable(effect);
    }
  }

  #open(connection: number): void {
    const { site, node, unit } = this.#options;
    this.#connection = this.#world.link.open(
      {
        clientId: siteTopics(site).clientId(node),
        unit,
        will: { topic: this.#stateTopic, payload: deathOf(this.#options, connection, "lost") },
        ...listenedTo(nodeTopics(site, node)),
      },
      {
        connected: () => void this.#step({ kind: "connected", connection }),
        message: (topic, payload) => this.#sink.message(topic, payload),
        heard: () => this.#sink.heard(),
        closed: (reason) => void this.#step({ kind: "closed", connection, reason }),
      },
    );
  }

  async #sayGoodbye(): Promise<void> {
    this.#sink.leaving();
    const death = deathOf(this.#options, this.#state.connection, "stopped");
    this.publish(this.#stateTopic, death, { retain: true });
    await this.#connection?.close();
  }
}
