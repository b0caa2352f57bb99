/**
 * The modules of an agent: which guest an instance runs in, and what is asked of it. Guests themselves are kept by
 * `agent-guest.ts`.
 */
import { type GuestKeeping, GuestKeeper } from "./agent-guest.ts";
import type { OpenGuest } from "./ports/guest-line.ts";
import type { InstanceSpec, ModuleHost, ModuleHostEvents, Verdict } from "./ports/module-host.ts";

/** Where an instance runs: those of one name share a guest. */
export interface GuestPlace {
  readonly name: string;
  readonly open: OpenGuest;
}

export interface ModulesOptions extends GuestKeeping {
  /** `undefined`: there is no such module. */
  readonly placeOf: (instance: InstanceSpec) => GuestPlace | undefined;
}

export class AgentModules implements ModuleHost {
  readonly #options: ModulesOptions;
  readonly #events: ModuleHostEvents;
  readonly #guests = new Map<string, GuestKeeper>();
  /** By instance. */
  readonly #guestOf = new Map<string, GuestKeeper>();

  constructor(options: ModulesOptions, events: ModuleHostEvents) {
    this.#options = options;
    this.#events = events;
  }

  start(instance: InstanceSpec): void {
    const guest = this.#guestFor(instance);
    if (guest === undefined)
      return this.#events.stateChanged(instance.name, { state: "failed", reason: missing(instance) });
    this.#guestOf.set(instance.name, guest);
    return guest.start(instance);
  }

  apply(...[instance, input, applied]: Parameters<ModuleHost["apply"]>): void {
    this.#guestOf.get(instance)?.apply(instance, input, applied);
  }

  async prepare(instance: InstanceSpec): Promise<Verdict> {
    const guest = this.#guestFor(instance);
    if (guest === undefined) return missing(instance);
    const verdict = await guest.prepare(instance);
    await this.#leave(guest);
    if (guest.isThere || this.#guests.get(guest.name) !== guest) return verdict;
    // It has died of what runs in it, which is no reason against what would take its place: another one is asked.
    return this.#prepareApart(instance);
  }

  async selfTest(instance: string): Promise<Verdict> {
    return this.#guestOf.get(instance)?.selfTest(instance) ?? notRunning;
  }

  async reconfigure(instance: InstanceSpec): Promise<Verdict> {
    return this.#guestOf.get(instance.name)?.reconfigure(instance) ?? notRunning;
  }

  async stop(instance: string): Promise<void> {
    const guest = this.#guestOf.get(instance);
    if (guest === undefined) return;
    this.#guestOf.delete(instance);
    await guest.stop(instance);
    await this.#leave(guest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const guests = [...this.#guests.values()];
    this.#guests.clear();
    await Promise.all(guests.map((guest) => guest[Symbol.asyncDispose]()));
  }

  async #prepareApart(instance: InstanceSpec): Promise<Verdict> {
    const place = this.#options.placeOf(instance);
    if (place === undefined) return missing(instance);
    await using guest = new GuestKeeper(place, this.#options, this.#events);
    return await guest.prepare(instance);
  }

  #guestFor(instance: InstanceSpec): GuestKeeper | undefined {
    const place = this.#options.placeOf(instance);
    if (place === undefined) return undefined;
    const guest = this.#guests.get(place.name) ?? new GuestKeeper(place, this.#options, this.#events);
    this.#guests.set(place.name, guest);
    return guest;
  }

  /** A guest that nobody needs costs 15 MB and more. */
  async #leave(guest: GuestKeeper): Promise<void> {
    if (guest.isNeeded || this.#guests.get(guest.name) !== guest) return;
    this.#guests.delete(guest.name);
    await guest[Symbol.asyncDispose]();
  }
}

const notRunning = "it does not run";
const missing = ({ module, version }: InstanceSpec): string =>
  `there is no module "${module}"${version === undefined ? "" : ` of version ${version}`}`;
