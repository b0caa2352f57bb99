// What an attack is, and the scene it plays in.

import { setTimeout as after } from "node:timers/promises";
import type { BrokerFault, FaultOutcome } from "../../../hub/src/ports/broker.ts";
import { RawConnection, type Target, type Transport } from "./raw-connection.ts";
import { type ConnectOptions, connectPacket, PacketCutter, packetType } from "./raw-packets.ts";

export const phases = ["before CONNECT", "after CONNECT"] as const;
export type Phase = (typeof phases)[number];

export interface Attack {
  readonly name: string;
  readonly phases: readonly Phase[];
  readonly on: readonly Transport[];
  /** One of these must be the reason of what is done. None: there is nothing to do, only to withstand. */
  readonly reasons: readonly BrokerFault[];
  /** What is done for that reason, when it is no refusal. */
  readonly outcomes?: readonly FaultOutcome[];
  /** When it needs more than the usual time, in seconds. */
  readonly secondsMin?: number;
  readonly run: (scene: Scene) => Promise<void>;
}

export interface JoinOptions extends ConnectOptions {
  readonly id?: string;
  readonly localAddress?: string;
}

/** So many come again in a second, all together, and each of them not sooner than this, in milliseconds. */
const comingsPerSecond = 100;
const breathMin = 100;
/** As soon as it can. */
export const noBreath = 0;

let attackers = 0;

/** Where an attack takes place: a hub, a way to it, and the time it has. Closes what the attack opened. */
export class Scene implements Disposable {
  readonly phase: Phase;
  /** How long it lasts. */
  readonly seconds: number;
  readonly target: Target;
  readonly #transport: Transport;
  readonly #endsAt: number;
  readonly #ended: Promise<void>;
  readonly #open = new Set<RawConnection>();
  /** Connections that were there before the hub ended them. */
  cut = 0;

  constructor(target: Target, transport: Transport, phase: Phase, seconds: number) {
    this.target = target;
    this.#transport = transport;
    this.phase = phase;
    this.seconds = seconds;
    this.#endsAt = performance.now() + seconds * 1000;
    this.#ended = after(seconds * 1000);
  }

  get isOver(): boolean {
    return performance.now() > this.#endsAt;
  }

  /** Resolves at the end. */
  end(): Promise<void> {
    return this.#ended;
  }

  /** A connection on which nothing of MQTT was said. It may turn out to be none. */
  async dial(localAddress?: string, way: Transport | "http" = this.#transport): Promise<RawConnection> {
    const connection = new RawConnection(this.target, way, localAddress);
    this.#open.add(connection);
    void connection.closed.then(() => this.#open.delete(connection));
    if (await connection.opened) void connection.closed.then(() => (this.cut += 1));
    return connection;
  }

  /** A connection as far as the phase says: after CONNECT means that the hub has confirmed it. */
  async join(options: JoinOptions = {}): Promise<RawConnection> {
    const connection = await this.dial(options.localAddress);
    return this.phase === "before CONNECT" ? connection : this.#introduce(connection, options);
  }

  /** A connection on which the hub has confirmed CONNECT. */
  async joinFully(options: JoinOptions = {}): Promise<RawConnection> {
    return this.#introduce(await this.dial(options.localAddress), options);
  }

  /**
   * Runs `attacker` that many times side by side, each again and again until the end. Who is cut takes a breath:
   * what holding on costs a hub is one question, what coming and going costs it is another, and has rows of its own.
   */
  async crowd(
    count: number,
    attacker: (index: number) => Promise<void>,
    breath = Math.max(breathMin, (count * 1000) / comingsPerSecond),
  ): Promise<void> {
    const repeat = async (index: number): Promise<void> => {
      while (!this.isOver) {
        await attacker(index);
        await after(breath);
      }
    };
    await Promise.race([Promise.all(Array.from({ length: count }, (_, index) => repeat(index))), this.end()]);
  }

  /** Writes all of it, waiting for the kernel, until the end of the scene or of the connection. */
  async pour(connection: RawConnection, pieces: Iterable<Uint8Array>): Promise<void> {
    let written = 0;
    for (const piece of pieces) {
      if (!connection.isOpen || this.isOver) return;
      if (!connection.write(piece)) await Promise.race([connection.drained(), this.end()]);
      written += 1;
      // Small pieces seldom fill a buffer, and the rest of us wants its turn.
      if (written % 64 === 0) await after(0);
    }
  }

  [Symbol.dispose](): void {
    for (const connection of this.#open) connection.reset();
  }

  async #introduce(connection: RawConnection, options: JoinOptions): Promise<RawConnection> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cutter = new PacketCutter();
    connection.taken = (chunk) =>
      cutter.take(chunk, ({ type }) => {
        if (type !== packetType.connack) return;
        connection.taken = () => undefined;
        resolve();
      });
    connection.write(connectPacket(options.id ?? `attacker-${(attackers += 1)}`, options));
    await Promise.race([promise, connection.closed, this.#ended]);
    return connection;
  }
}
