// The least of an MQTT client, for what is timed: the usual one would be a part of what is measured.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";

export interface LightClientOptions {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly clientId: string;
  readonly user?: string;
  readonly filters: readonly string[];
}

export type TakeMessage = (topic: string, payload: Buffer) => void;

export interface PublishOptions {
  readonly retain?: boolean;
  /** The broker has it. */
  readonly confirmed?: () => void;
}

/** Nothing here falls silent by itself, and what is stalled shall be met by the bounds, not by a keepalive. In s. */
const keepalive = 600;
const packetIds = 65_535;

export class LightClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #options: LightClientOptions;
  readonly #take: TakeMessage;
  readonly #unconfirmed = new Map<number, () => void>();
  readonly #isUp = Promise.withResolvers<void>();
  #lastId = 0;

  private constructor(options: LightClientOptions, take: TakeMessage) {
    this.#options = options;
    this.#take = take;
    const { clientId, port, user } = options;
    const parsing = parser();
    parsing.on("packet", (packet) => this.#packet(packet));
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.on("data", (bytes: Buffer) => parsing.parse(bytes));
    this.#socket.on("error", (error) => this.#isUp.reject(error));
    this.#socket.on("close", () => this.#isUp.reject(new Error(`${clientId} was cut off`)));
    const named = user === undefined ? {} : { username: user };
    this.#send({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: true,
      clientId,
      keepalive,
      ...named,
    });
  }

  /** Resolves when it has subscribed. */
  static async connect(options: LightClientOptions, take: TakeMessage): Promise<LightClient> {
    const client = new LightClient(options, take);
    await client.#isUp.promise;
    return client;
  }

  /** At QoS 1. */
  publish(topic: string, payload: Uint8Array, { retain = false, confirmed }: PublishOptions = {}): void {
    const messageId = this.#nextId();
    if (confirmed !== undefined) this.#unconfirmed.set(messageId, confirmed);
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#send({ cmd: "publish", topic, payload: bytes, qos: 1, retain, dup: false, messageId });
  }

  /** Takes nothing any more: the socket fills. */
  stall(): void {
    this.#socket.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, "close");
    this.#socket.destroy();
    await closed;
  }

  #packet(packet: Packet): void {
    switch (packet.cmd) {
      case "connack": {
        const { clientId, filters } = this.#options;
        if (packet.returnCode !== 0) return this.#isUp.reject(new Error(`${clientId} was refused`));
        if (filters.length === 0) return this.#isUp.resolve();
        const subscriptions = filters.map((topic) => ({ topic, qos: 1 as const }));
        return this.#send({ cmd: "subscribe", messageId: this.#nextId(), subscriptions });
      }
      case "suback":
        return this.#isUp.resolve();
      case "puback": {
        const confirmed = this.#unconfirmed.get(packet.messageId ?? 0);
        this.#unconfirmed.delete(packet.messageId ?? 0);
        return confirmed?.();
      }
      case "publish":
        if (packet.qos === 1 && packet.messageId !== undefined)
          this.#send({ cmd: "puback", messageId: packet.messageId });
        return typeof packet.payload === "string" ? undefined : this.#take(packet.topic, packet.payload);
      default:
        return undefined;
    }
  }

  #send(packet: Packet): void {
    if (this.#socket.writable) this.#socket.write(generate(packet));
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % packetIds) + 1;
    return this.#lastId;
  }
}
