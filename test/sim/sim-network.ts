/**
 * Byte streams as TCP gives them: what is sent arrives in its order or not at all. A packet that is lost is sent again,
 * and all behind it wait; what a partition stops goes on when it is over, unless one of the ends has given up.
 */
import type { Chance } from "./chance.ts";
import type { Coverage } from "./coverage.ts";
import type { VirtualTime } from "./virtual-time.ts";

export type Packet =
  | {
      readonly kind: "connect";
      readonly clientId: string;
      readonly unit: string;
      readonly will: { readonly topic: string; readonly payload: Uint8Array };
    }
  | { readonly kind: "connack"; readonly isWelcome: boolean }
  | { readonly kind: "subscribe"; readonly filters: readonly string[] }
  | { readonly kind: "suback" }
  | {
      readonly kind: "publish";
      readonly topic: string;
      readonly payload: Uint8Array;
      readonly id: number;
      readonly retain: boolean;
    }
  | { readonly kind: "puback"; readonly id: number }
  | { readonly kind: "ping" | "pong" | "disconnect" | "closed" };

/** One direction between a node and the hub, as it is just now. */
export class NetworkPath {
  isCut = false;
  /** ms. */
  latency: number;
  jitter = 0;
  lossRate = 0;
  duplicateRate = 0;
  bytesPerMs = 10_000;
  readonly #stopped = new Set<Stream>();

  constructor(latency: number) {
    this.latency = latency;
  }

  stop(stream: Stream): void {
    this.#stopped.add(stream);
  }

  heal(): void {
    this.isCut = false;
    const stopped = [...this.#stopped];
    this.#stopped.clear();
    for (const stream of stopped) stream.goOn();
  }
}

/** What is lost is sent again after this long, in ms. */
const sentAgainAfter = 200;
const headBytes = 40;

export class Stream {
  readonly #time: VirtualTime;
  readonly #path: NetworkPath;
  readonly #chance: Chance;
  readonly #coverage: Coverage;
  readonly #arrive: (packet: Packet) => void;
  readonly #held: Packet[] = [];
  #sentAt = 0;
  #arrivesAt = 0;
  #isEnded = false;

  constructor(
    world: { readonly time: VirtualTime; readonly chance: Chance; readonly coverage: Coverage },
    path: NetworkPath,
    arrive: (packet: Packet) => void,
  ) {
    this.#time = world.time;
    this.#chance = world.chance;
    this.#coverage = world.coverage;
    this.#path = path;
    this.#arrive = arrive;
  }

  send(packet: Packet): void {
    if (this.#isEnded) return;
    const { time, path, chance } = { time: this.#time, path: this.#path, chance: this.#chance };
    const bytes = headBytes + (packet.kind === "publish" ? packet.payload.length + packet.topic.length : 0);
    if (path.bytesPerMs < 1000) this.#coverage.fault("slow-link");
    this.#sentAt = Math.max(time.now, this.#sentAt) + bytes / path.bytesPerMs;
    let way = path.latency;
    if (path.jitter > 0) {
      way += chance.next() * path.jitter;
      this.#coverage.fault("delay");
    }
    for (let again = sentAgainAfter; path.lossRate > 0 && chance.is(path.lossRate); again *= 2) {
      way += again;
      this.#coverage.fault("loss");
    }
    this.#arrivesAt = Math.max(this.#arrivesAt, this.#sentAt + way);
    time.after(this.#arrivesAt - time.now, () => this.#come(packet));
  }

  /** What is on its way never arrives. */
  end(): void {
    this.#isEnded = true;
    this.#held.length = 0;
  }

  /** The partition is over: what was held comes, and behind it what came meanwhile. */
  goOn(): void {
    this.#time.after(this.#chance.between(1, sentAgainAfter), () => {
      if (this.#path.isCut) return this.#path.stop(this);
      for (const packet of this.#held.splice(0)) this.#arrive(packet);
    });
  }

  #come(packet: Packet): void {
    if (this.#isEnded) return;
    if (this.#path.isCut || this.#held.length > 0) {
      this.#held.push(packet);
      this.#path.stop(this);
      return;
    }
    this.#arrive(packet);
    if (packet.kind !== "publish" || !this.#chance.is(this.#path.duplicateRate)) return;
    this.#coverage.fault("duplicate");
    this.#arrive(packet);
  }
}
