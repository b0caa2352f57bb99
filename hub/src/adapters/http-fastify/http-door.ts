/**
 * Who may be connected by HTTP. Answers take milliseconds, so whoever is there without a WebSocket waits, is silent or
 * takes its answer slowly: at a bound the one that did nothing for longest gives way to a newcomer, first among those
 * of its own address. So an attacker displaces itself, and an operator with a phone gets in meanwhile.
 */
import type { BrokerFault } from "../../ports/broker.ts";

export interface Guest {
  readonly address: string;
  /** Is shown out. */
  cut(fault: BrokerFault, words: string): void;
}

export interface HttpDoorLimits {
  /** Connections that are no WebSocket. More: the one that did nothing for longest is cut. */
  readonly waitingMax: number;
  /** Of one address. More: the one of them that did nothing for longest is cut. */
  readonly waitingPerAddressMax: number;
  /** WebSockets: dashboards, command lines, bridges. More: refuse with 503. */
  readonly webSocketsMax: number;
  /** Of one address, which may be a proxy in front of the hub. More: refuse with 503. */
  readonly webSocketsPerAddressMax: number;
}

/**
 * One address cannot take what there is; together it stays below `connectionsMax` of the server. A newcomer has to
 * have asked before as many others have come as may wait: at 700 that is 50 ms on a slow radio link while one machine
 * of its own address opens 14,000 connections a second. Each takes some 10 kB.
 */
export const httpDoorLimits: HttpDoorLimits = {
  waitingMax: 1400,
  waitingPerAddressMax: 700,
  webSocketsMax: 500,
  webSocketsPerAddressMax: 250,
};

export class HttpDoor {
  readonly #limits: HttpDoorLimits;
  readonly #waiting = new Guests();
  readonly #webSockets = new Guests();

  constructor(limits: HttpDoorLimits = httpDoorLimits) {
    this.#limits = limits;
  }

  /** Connections that are no WebSocket, and WebSockets. */
  get counts(): { readonly waiting: number; readonly webSockets: number } {
    return { waiting: this.#waiting.count, webSockets: this.#webSockets.count };
  }

  enter(guest: Guest): void {
    const { waitingMax, waitingPerAddressMax } = this.#limits;
    this.#waiting.add(guest);
    if (this.#waiting.countFrom(guest.address) > waitingPerAddressMax) {
      const words = `made room for others from there: ${waitingPerAddressMax} are open and wait`;
      return this.#waiting.oldestFrom(guest.address)?.cut("too-many-from-address", words);
    }
    if (this.#waiting.count > waitingMax)
      this.#waiting.oldest?.cut("no-connect", `made room for others: ${waitingMax} are open and wait`);
    return undefined;
  }

  /** It has asked for something, or was answered. */
  stirred(guest: Guest): void {
    if (this.#waiting.remove(guest)) this.#waiting.add(guest);
  }

  /** Why an address may not have another WebSocket; `undefined`: it may. */
  refusal(address: string): { readonly fault: BrokerFault; readonly words: string } | undefined {
    const { webSocketsMax, webSocketsPerAddressMax } = this.#limits;
    if (this.#webSockets.countFrom(address) >= webSocketsPerAddressMax)
      return {
        fault: "too-many-from-address",
        words: `${webSocketsPerAddressMax} WebSockets are open from there`,
      };
    if (this.#webSockets.count >= webSocketsMax)
      return { fault: "too-many-connections", words: `${webSocketsMax} WebSockets are open` };
    return undefined;
  }

  /** It has become a WebSocket. */
  upgraded(guest: Guest): void {
    if (this.#waiting.remove(guest)) this.#webSockets.add(guest);
  }

  leave(guest: Guest): void {
    if (!this.#waiting.remove(guest)) this.#webSockets.remove(guest);
  }
}

/** Guests in the order they came, in all and of each address. */
class Guests {
  readonly #all = new Set<Guest>();
  readonly #from = new Map<string, Set<Guest>>();

  get count(): number {
    return this.#all.size;
  }

  get oldest(): Guest | undefined {
    return this.#all.values().next().value;
  }

  countFrom(address: string): number {
    return this.#from.get(address)?.size ?? 0;
  }

  oldestFrom(address: string): Guest | undefined {
    return this.#from.get(address)?.values().next().value;
  }

  add(guest: Guest): void {
    this.#all.add(guest);
    const from = this.#from.get(guest.address) ?? new Set();
    this.#from.set(guest.address, from.add(guest));
  }

  /** Whether it was there. */
  remove(guest: Guest): boolean {
    if (!this.#all.delete(guest)) return false;
    const from = this.#from.get(guest.address);
    from?.delete(guest);
    if (from?.size === 0) this.#from.delete(guest.address);
    return true;
  }
}
