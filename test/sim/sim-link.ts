/** An agent's way to the hub over the simulated network, with the keepalive of the real one. */
import type { Connection, HubLink, LinkEvents, LinkOptions } from "../../agent/src/ports/hub-link.ts";
import { Silence } from "../../agent/src/adapters/hub-link-mqtt/silence.ts";
import { connectTimeout, keepaliveSeconds } from "@interactor/shared/wire/limits";
import { ServerConnection } from "./sim-broker.ts";
import { type NetworkPath, type Packet, Stream } from "./sim-network.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Surroundings } from "./surroundings.ts";

/** From the node to the hub and back. */
export interface Paths {
  readonly up: NetworkPath;
  readonly down: NetworkPath;
}

const lookEvery = 500;
const frozenAfter = 1500 * keepaliveSeconds;
const goodbyeTimeout = 500;

export function simLink(world: Surroundings, paths: Paths, process: SimProcess): HubLink {
  return { open: (options, events) => new Attempt(world, paths, process, options, events) };
}

class Attempt implements Connection {
  readonly #world: Surroundings;
  readonly #process: SimProcess;
  readonly #events: LinkEvents;
  readonly #options: LinkOptions;
  readonly #silence: Silence;
  readonly #confirmed = new Map<number, { readonly bytes: number; readonly done: () => void }>();
  #out: Stream | undefined;
  #nextId = 1;
  #isClosed = false;
  #isConnected = false;
  #lookedAt: number;
  #goodbye: (() => void) | undefined;

  constructor(
    world: Surroundings,
    paths: Paths,
    process: SimProcess,
    options: LinkOptions,
    events: LinkEvents,
  ) {
    this.#world = world;
    this.#process = process;
    this.#events = events;
    this.#options = options;
    this.#silence = new Silence(process.now);
    this.#lookedAt = process.now;
    process.after(connectTimeout, () => this.#isConnected || this.#end("no answer", true));
    this.#look();
    this.#dial(paths);
  }

  publish(
    topic: string,
    payload: Uint8Array,
    { retain, confirmed }: Parameters<Connection["publish"]>[2],
  ): void {
    if (this.#isClosed || !this.#process.isAlive) return;
    const id = this.#nextId++;
    this.#silence.sent(payload.length, this.#process.now);
    this.#confirmed.set(id, { bytes: payload.length, done: () => confirmed?.() });
    this.#world.observer.sentUp(this.#options.clientId, this, topic, payload);
    this.#out?.send({ kind: "publish", topic, payload, id, retain });
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#goodbye = resolve;
    this.#process.after(goodbyeTimeout, resolve);
    this.#leaveWhenDone();
    await promise;
    this.#end("goodbye", true);
  }

  #dial(paths: Paths): void {
    const { broker } = this.#world;
    const down = new Stream(this.#world, paths.down, (packet) =>
      this.#process.run(() => this.#arrived(packet)),
    );
    const at = broker();
    if (at === undefined) {
      // Nobody listens: the machine says so, if it can be reached.
      if (!paths.up.isCut && !paths.down.isCut) {
        this.#process.after(2 * paths.up.latency, () => this.#end("refused", false));
      }
      return;
    }
    let server: ServerConnection | undefined;
    const up = new Stream(this.#world, paths.up, (packet) => {
      if (this.#isClosed && packet.kind === "publish") this.#world.coverage.fault("reorder");
      at.process.run(() => {
        server ??= new ServerConnection(at, down, () => undefined);
        server.arrived(packet);
      });
      // Another hub is there, which knows nothing of this connection.
      const isUnknown = !at.process.isAlive && broker() !== undefined;
      if (isUnknown && !this.#isClosed) down.send({ kind: "closed" });
    });
    this.#out = up;
    const { clientId, unit, will } = this.#options;
    up.send({ kind: "connect", clientId, unit, will });
    at.process.whenKilled(() => down.send({ kind: "closed" }));
    this.#process.whenKilled(() => up.send({ kind: "closed" }));
  }

  #arrived(packet: Packet): void {
    if (this.#isClosed || !this.#isAwake()) return;
    this.#silence.heard(this.#process.now);
    switch (packet.kind) {
      case "connack":
        if (!packet.isWelcome) return this.#end("the hub refused this node", true);
        this.#out?.send({ kind: "subscribe", filters: this.#options.subscriptions });
        return this.#events.heard();
      case "suback":
        this.#isConnected = true;
        this.#events.heard();
        return this.#events.connected();
      case "publish":
        this.#events.heard();
        this.#world.observer.cameDown(this.#options.clientId, packet.topic, packet.payload);
        return this.#events.message(packet.topic, packet.payload);
      case "puback":
        this.#events.heard();
        return this.#puback(packet.id);
      case "closed":
        return this.#end("the connection was closed", false);
      default:
        return this.#events.heard();
    }
  }

  #puback(id: number): void {
    const waiting = this.#confirmed.get(id);
    if (waiting === undefined) return;
    this.#confirmed.delete(id);
    this.#silence.confirmed(waiting.bytes);
    waiting.done();
    this.#leaveWhenDone();
  }

  #leaveWhenDone(): void {
    if (this.#goodbye === undefined || this.#confirmed.size > 0) return;
    this.#out?.send({ kind: "disconnect" });
    this.#goodbye();
  }

  #look(): void {
    this.#process.after(lookEvery, () => {
      if (this.#isClosed || !this.#isAwake()) return;
      const { now } = this.#process;
      if (this.#isConnected && this.#silence.takePing(now)) this.#out?.send({ kind: "ping" });
      if (this.#isConnected && this.#silence.isTooLong(now))
        return this.#end("the hub says nothing any more", true);
      this.#look();
    });
  }

  #isAwake(): boolean {
    const { now } = this.#process;
    const wasFrozen = now - this.#lookedAt > frozenAfter;
    this.#lookedAt = now;
    if (wasFrozen) this.#end("this process was frozen for longer than the hub waits", true);
    return !wasFrozen;
  }

  /** `byUs`: the hub has to be told; what is on its way to it may still arrive. */
  #end(reason: string, byUs: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (byUs) this.#out?.send({ kind: "closed" });
    // A connection that never came about leaves nothing behind; of another one what is on its way may still arrive.
    if (!this.#isConnected || (byUs && this.#world.chance.is(0.5))) this.#out?.end();
    this.#events.closed(reason);
  }
}
