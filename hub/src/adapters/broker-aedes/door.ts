/** Who may come in: bounds on connections, before anything is known of them but their address. */
import type { BrokerFault, BrokerLimits } from "../../ports/broker.ts";

export interface Guest {
  readonly address: string;
  /** Is shown out. */
  cut(fault: BrokerFault, words: string): void;
}

type DoorLimits = Pick<BrokerLimits, "connectionsMax" | "connectionsPerAddressMax" | "pendingMax">;

export class Door {
  readonly #limits: DoorLimits;
  readonly #perAddress = new Map<string, number>();
  readonly #guests = new Set<Guest>();
  /** Those who have not said who they are, the longest first. */
  readonly #pending = new Set<Guest>();

  constructor(limits: DoorLimits) {
    this.#limits = limits;
  }

  get guests(): ReadonlySet<Guest> {
    return this.#guests;
  }

  /** Why an address may not come in now; `undefined`: it may. */
  refusal(address: string): { readonly fault: BrokerFault; readonly words: string } | undefined {
    const { connectionsMax, connectionsPerAddressMax } = this.#limits;
    if (this.#guests.size >= connectionsMax)
      return { fault: "too-many-connections", words: `${address}: ${connectionsMax} are open` };
    if ((this.#perAddress.get(address) ?? 0) >= connectionsPerAddressMax)
      return {
        fault: "too-many-from-address",
        words: `${address}: ${connectionsPerAddressMax} are open from there`,
      };
    return undefined;
  }

  enter(guest: Guest): void {
    this.#guests.add(guest);
    this.#pending.add(guest);
    this.#perAddress.set(guest.address, (this.#perAddress.get(guest.address) ?? 0) + 1);
    if (this.#pending.size <= this.#limits.pendingMax) return;
    // The newcomer may be the one who will say who it is; the oldest had its time.
    const [oldest] = this.#pending;
    oldest?.cut("no-connect", "made room for others: it has not said who it is");
  }

  /** It has said who it is. */
  introduced(guest: Guest): void {
    this.#pending.delete(guest);
  }

  leave(guest: Guest): void {
    if (!this.#guests.delete(guest)) return;
    this.#pending.delete(guest);
    const left = (this.#perAddress.get(guest.address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(guest.address);
    else this.#perAddress.set(guest.address, left);
  }
}
