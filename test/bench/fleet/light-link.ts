// The agent's way to the hub for a fleet in one process: the least of an MQTT client that an agent needs, because five
// hundred of the usual one would measure that client. What happens over it is decided by the agent's own code.

import { connect as connectTcp, type Socket } from "node:net";
import { connectTimeout, keepaliveSeconds } from "@interactor/shared/wire/limits";
import { generate, type Packet, parser } from "mqtt-packet";
import type { Connection, HubLink, LinkEvents, LinkOptions } from "@interactor/agent/src/ports/hub-link.ts";

export interface LinkWatcher {
  /** An attempt begins. */
  attempted(): void;
  /** How many are up has changed by this. */
  changed(by: 1 | -1): void;
  /** A publish was confirmed. */
  confirmed(): void;
}

export function lightLink(port: number, watcher: LinkWatcher): HubLink {
  return { open: (options, events) => new LightConnection(port, options, events, watcher) };
}

const packetIds = 65_535;

class LightConnection implements Connection {
  readonly #socket: Socket;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #watcher: LinkWatcher;
  readonly #unconfirmed = new Map<number, (() => void) | undefined>();
  readonly #timer: NodeJS.Timeout;
  #lastId = 0;
  #heardAt = performance.now();
  #isUp = false;
  #isClosed = false;

  constructor(port: number, options: LinkOptions, events: LinkEvents, watcher: LinkWatcher) {
    this.#options = options;
    this.#events = events;
    this.#watcher = watcher;
    watcher.attempted();
    const parsing = parser();
    parsing.on("packet", (packet) => this.#take(packet));
    this.#socket = connectTcp({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("connect", () => this.#introduce());
    this.#socket.on("data", (bytes: Buffer) => {
      this.#heardAt = performance.now();
      parsing.parse(bytes);
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => this.#close("the connection ended"));
    this.#timer = setInterval(() => this.#look(), (keepaliveSeconds * 1000) / 2);
  }

  publish(topic: string, payload: Uint8Array, options: Parameters<Connection["publish"]>[2]): void {
    const messageId = this.#nextId();
    this.#unconfirmed.set(messageId, options.confirmed);
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#send({
      cmd: "publish",
      topic,
      payload: bytes,
      qos: 1,
      retain: options.retain,
      dup: false,
      messageId,
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#send({ cmd: "disconnect" });
    this.#socket.end();
  }

  #introduce(): void {
    const { clientId, unit, will } = this.#options;
    this.#send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      clientId,
      keepalive: keepaliveSeconds,
      username: unit,
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
    });
  }

  #take(packet: Packet): void {
    switch (packet.cmd) {
      case "connack": {
        if (packet.returnCode !== 0) return this.#socket.destroy() && undefined;
        const subscriptions = this.#options.subscriptions.map((topic) => ({ topic, qos: 1 as const }));
        return this.#send({ cmd: "subscribe", messageId: this.#nextId(), subscriptions });
      }
      case "suback":
        this.#isUp = true;
        this.#watcher.changed(1);
        return this.#events.connected();
      case "puback": {
        const confirmed = this.#unconfirmed.get(packet.messageId ?? 0);
        this.#unconfirmed.delete(packet.messageId ?? 0);
        this.#watcher.confirmed();
        return confirmed?.();
      }
      case "publish":
        if (packet.qos === 1 && packet.messageId !== undefined)
          this.#send({ cmd: "puback", messageId: packet.messageId });
        return typeof packet.payload === "string"
          ? undefined
          : this.#events.message(packet.topic, packet.payload);
      default:
        return undefined;
    }
  }

  /** Says that it lives, and gives up a hub that does not. */
  #look(): void {
    const silence = performance.now() - this.#heardAt;
    if (silence > (this.#isUp ? 2000 * keepaliveSeconds : connectTimeout)) this.#socket.destroy();
    else if (this.#isUp) this.#send({ cmd: "pingreq" });
  }

  #send(packet: Packet): void {
    if (this.#socket.writable) this.#socket.write(generate(packet));
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % packetIds) + 1;
    return this.#lastId;
  }

  #close(reason: string): void {
    clearInterval(this.#timer);
    if (this.#isUp) this.#watcher.changed(-1);
    this.#isUp = false;
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events.closed(reason);
  }
}
