/** All connections: who may come in, who is who, and the clocks that are looked at for all of them. */
import type { Duplex } from "node:stream";
import type { BrokerFault } from "../../ports/broker.ts";
import type { AedesLink } from "./aedes-link.ts";
import { Connection } from "./connection.ts";
import { Door } from "./door.ts";
import type { Exchange } from "./exchange.ts";

/** Connections' clocks are looked at this often. */
const checkInterval = 250;
/** Clients that send too much are looked at again this often. */
const retryInterval = 20;
/** Kept sessions and retained messages that are too old are looked for this often. */
const expireInterval = 60_000;

/** Nothing came of a packet that has begun for this long: while there is too much of them, it goes. */
const pauseMax = 1000;
/** While nobody is to blame it is looked again this often. */
const lookAgain = 50;

export class Clients implements Disposable {
  readonly #exchange: Exchange;
  readonly #introduce: (link: AedesLink) => void;
  readonly #door: Door;
  readonly #connections = new Set<Connection>();
  readonly #byLink = new WeakMap<object, Connection>();
  readonly #byId = new Map<string, Connection>();
  readonly #throttled = new Set<Connection>();
  readonly #timers: readonly NodeJS.Timeout[];
  #checkedAt = performance.now();
  #lookAt = 0;
  #retry: NodeJS.Timeout | undefined;

  /** `introduce`: Aedes takes over a client that has sent its CONNECT. */
  constructor(exchange: Exchange, introduce: (link: AedesLink) => void) {
    this.#exchange = exchange;
    this.#introduce = introduce;
    this.#door = new Door(exchange.limits);
    this.#timers = [
      setInterval(() => this.#check(), checkInterval),
      setInterval(() => exchange.expire(), expireInterval),
    ];
    for (const timer of this.#timers) timer.unref();
    exchange.overfull = () => this.#cutBehind();
  }

  /** Clients whose session is open. */
  get count(): number {
    return this.#byId.size;
  }

  /** What clients have not taken or acknowledged. */
  get waitingBytes(): number {
    return this.#connections.values().reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
  }

  accept(stream: Duplex, address: string): void {
    const refusal = this.#door.refusal(address);
    if (refusal !== undefined) {
      const context = { who: address, outcome: "turned-away" } as const;
      this.#exchange.rules.faulted(refusal.fault, refusal.words, context);
      stream.on("error", () => undefined);
      stream.destroy();
      return;
    }
    const connection = new Connection(stream, address, this.#exchange, {
      introduced: (introduced) => {
        this.#door.introduced(introduced);
        this.#introduce(introduced.link);
      },
      throttled: (throttled) => this.#throttle(throttled),
      overfull: () => this.#cutUnfinished(),
      closed: (closed) => this.#forget(closed),
    });
    this.#connections.add(connection);
    this.#byLink.set(connection.link, connection);
    this.#door.enter(connection);
  }

  /** The connection that Aedes knows by its link. */
  of(link: object): Connection | undefined {
    return this.#byLink.get(link);
  }

  named(id: string): Connection | undefined {
    return this.#byId.get(id);
  }

  /** Aedes has registered the client, and taken over from an earlier connection of the same id. */
  registered(connection: Connection, isKept: boolean): void {
    const { id } = connection.client;
    this.#byId.set(id, connection);
    connection.session = this.#exchange.sessions.open(id, isKept);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearInterval(this.#retry);
    for (const connection of this.#connections) connection.close();
    this.#exchange.sessions.tellEvicted();
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#throttled.delete(connection);
    this.#door.leave(connection);
    if (this.#byId.get(connection.client.id) === connection) this.#byId.delete(connection.client.id);
    if (connection.session !== undefined) this.#exchange.sessions.leave(connection.session);
  }

  #throttle(connection: Connection): void {
    this.#throttled.add(connection);
    this.#retry ??= setInterval(() => {
      const now = performance.now();
      for (const each of this.#throttled) if (each.retry(now)) this.#throttled.delete(each);
      if (this.#throttled.size > 0) return;
      clearInterval(this.#retry);
      this.#retry = undefined;
    }, retryInterval);
  }

  #check(): void {
    this.#exchange.sessions.tellEvicted();
    const now = performance.now();
    // After a pause of the whole process nobody is to be cut for having been silent meanwhile.
    const late = Math.max(now - this.#checkedAt - 2 * checkInterval, 0);
    this.#checkedAt = now;
    let waiting = 0;
    for (const connection of this.#connections) {
      connection.check(now, late);
      waiting += connection.waitingBytes;
    }
    if (waiting > this.#exchange.limits.outgoingTotalMax) this.#cutBehind();
  }

  #cutBehind(): void {
    const bytesOf = ({ waitingBytes }: Connection) => waitingBytes;
    const { outgoingTotalMax: bytesMax } = this.#exchange.limits;
    this.#cutMost({ fault: "behind", bytesOf, bytesMax, words: "of all clients it is furthest behind" });
  }

  /** Who begins packets and does not go on goes first; whoever has most begun, when there is twice too much. */
  #cutUnfinished(): void {
    const now = performance.now();
    const { unfinishedBytes, heldBytes, limits } = this.#exchange;
    if (heldBytes > limits.heldBytesMax) {
      const bytesOf = ({ heldBytes: bytes }: Connection) => bytes;
      const words = "of all clients that are read slowly it sent most";
      this.#cutMost({ fault: "unfinished-packets", bytesOf, bytesMax: limits.heldBytesMax, words });
    }
    const isMuchTooMuch = unfinishedBytes > 2 * limits.unfinishedBytesMax;
    if (unfinishedBytes <= limits.unfinishedBytesMax || (now < this.#lookAt && !isMuchTooMuch)) return;
    this.#lookAt = now + lookAgain;
    const bytesOf = (connection: Connection) =>
      isMuchTooMuch || connection.pause(now) > pauseMax ? connection.unfinishedBytes : 0;
    const words = "of all clients it began most without ending it";
    this.#cutMost({ fault: "unfinished-packets", bytesOf, bytesMax: limits.unfinishedBytesMax, words });
  }

  /** Cuts those who hold most, until the bound is kept. */
  #cutMost({ fault, bytesOf, bytesMax, words }: Excess): void {
    const most = [...this.#connections].toSorted((a, b) => bytesOf(b) - bytesOf(a));
    let left = most.reduce((sum, connection) => sum + bytesOf(connection), 0);
    for (const connection of most) {
      if (left <= bytesMax || bytesOf(connection) === 0) return;
      left -= bytesOf(connection);
      connection.cut(fault, `${words}: ${bytesOf(connection)} bytes`);
    }
  }
}

interface Excess {
  readonly fault: BrokerFault;
  readonly bytesOf: (connection: Connection) => number;
  readonly bytesMax: number;
  readonly words: string;
}
