/**
 * One way out of a universe: a UDP socket and the addresses that every packet goes to. It fails by itself:
 * errors are counted and reported, nothing here throws or waits, and a socket that works no more (an
 * interface that went away and came back is a new one) is opened anew while all its addresses fail.
 */
import { createSocket, type Socket } from "node:dgram";

/**
 * Routers between lighting networks count this down; whether multicast crosses them is for them to say, not
 * for us. The system's default of 1 would stop at the first.
 */
const multicastHops = 64;

export interface UdpOutputOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  /** Local address to send from. Default: whatever the system's routes say. */
  readonly interface: string | undefined;
  /** Called with every failed attempt to send to one address, or to open the socket. */
  onError(error: Error): void;
}

/** Ports from which the instances of this worker send. Emptied by those who close what they have opened. */
const ownPorts = new Set<number>();

/** Whether an instance of this worker sends from the port. */
export const isPortOfOurs = (port: number): boolean => ownPorts.has(port);

interface Target {
  readonly address: string;
  /** Why the last attempt failed. */
  error: Error | null;
  /** The system has taken the packet but not sent it: its buffers are full. */
  isPending: boolean;
  readonly done: (error: Error | null) => void;
}

export class UdpOutput {
  readonly #options: UdpOutputOptions;
  #targets: readonly Target[];
  #socket: Socket | undefined;
  /** From which it sends. */
  #port: number | undefined;
  #isOpen = false;
  #isEnded = false;
  #error: Error | undefined;

  constructor(options: UdpOutputOptions) {
    this.#options = options;
    this.#targets = options.addresses.map((address) => this.#target(address));
  }

  /** Why nothing gets out at the moment; `undefined` while at least one address can be sent to. */
  get failure(): Error | undefined {
    if (this.hasNobody) return new Error("no node has asked for it");
    if (!this.#isOpen) return this.#error ?? new Error("not open yet");
    const failed = this.#failed;
    return failed.length < this.#targets.length ? undefined : new Error(wordsOf(failed));
  }

  /** The addresses that nothing can be sent to, while it can to others. */
  get trouble(): string | undefined {
    const failed = this.#isOpen ? this.#failed : [];
    return failed.length === 0 || failed.length === this.#targets.length ? undefined : wordsOf(failed);
  }

  /** It could send, but to no address. */
  get hasNobody(): boolean {
    return this.#isOpen && this.#targets.length === 0;
  }

  /** Whether the packet with this sender is one of ours, come back. */
  isOwn(port: number): boolean {
    return this.#port === port;
  }

  /** From now on packets go to these addresses. What is known of those that stay is kept. */
  aim(addresses: readonly string[]): void {
    const known = new Map(this.#targets.map((target) => [target.address, target]));
    this.#targets = addresses.map((address) => known.get(address) ?? this.#target(address));
  }

  /** Opens the socket, once more if there is one. Resolves when it is open or has failed; never rejects. */
  async open(): Promise<void> {
    await this.#closeSocket();
    if (this.#isEnded) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    // Addresses are literal: the system's resolver would only cost a turn of the event loop a packet.
    const socket = createSocket({
      type: "udp4",
      lookup: (host, _options, callback) => callback(null, host, 4),
    });
    this.#socket = socket;
    socket.on("error", (error) => {
      this.#isOpen = false;
      this.#fail(error);
      resolve();
    });
    socket.on("close", resolve);
    socket.on("listening", () => {
      if (this.#configure(socket)) this.#isOpen = true;
      this.#port = socket.address().port;
      ownPorts.add(this.#port);
      resolve();
    });
    // Exclusive: with the workers of a cluster a shared handle would be asked for first.
    socket.bind({ port: 0, exclusive: true, ...(this.#local === undefined ? {} : { address: this.#local }) });
    await promise;
  }

  /** Hands the packet to the system for every address. Returns whether the socket is open. */
  send(packet: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket === undefined || !this.#isOpen) return false;
    for (const target of this.#targets) {
      if (target.isPending) {
        this.#fail(new Error(`${target.address}: the system's send buffer is full`));
        continue;
      }
      target.isPending = true;
      socket.send(packet, this.#options.port, target.address, target.done);
    }
    return true;
  }

  /** Hands a packet that is not the look to the system: nobody waits for it, and it stands behind none. */
  say(packet: Uint8Array, addresses: readonly string[]): void {
    if (!this.#isOpen) return;
    for (const address of addresses) {
      this.#socket?.send(packet, this.#options.port, address, (error) => {
        if (error !== null) this.#fail(error);
      });
    }
  }

  /** Closes it for good. */
  async close(): Promise<void> {
    this.#isEnded = true;
    await this.#closeSocket();
  }

  async #closeSocket(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isOpen = false;
    if (this.#port !== undefined) ownPorts.delete(this.#port);
    this.#port = undefined;
    if (socket === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.close(resolve);
    await promise;
    for (const target of this.#targets) target.isPending = false;
  }

  get #local(): string | undefined {
    return this.#options.interface;
  }

  get #failed(): readonly Error[] {
    return this.#targets.flatMap(({ error }) => error ?? []);
  }

  #target(address: string): Target {
    const target: Target = {
      address,
      error: null,
      isPending: false,
      done: (error) => {
        target.isPending = false;
        target.error = error;
        if (error !== null) this.#fail(error);
      },
    };
    return target;
  }

  #configure(socket: Socket): boolean {
    try {
      socket.setBroadcast(true);
      socket.setMulticastTTL(multicastHops);
      if (this.#local !== undefined) socket.setMulticastInterface(this.#local);
      return true;
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  #fail(error: Error): void {
    this.#error = error;
    this.#options.onError(error);
  }
}

/** Each names its address. */
const wordsOf = ([first, ...more]: readonly Error[]): string =>
  `${first?.message ?? ""}${more.length === 0 ? "" : ` (and ${more.length} more)`}`;
