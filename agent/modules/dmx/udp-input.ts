/**
 * What comes in over UDP. sACN and Art-Net have one port each on a node, and of several sockets on one port the system
 * gives a packet that is meant for this node alone to only one: so all instances of the worker share one socket a port,
 * and each takes from it what concerns it. Another program on the same node may have the port too; it then gets what is
 * multicast or broadcast, and one of the two the rest.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { Memberships } from "./memberships.ts";

export interface UdpInputOptions {
  readonly port: number;
  /** Local address of the network on which groups are joined. Default: what the system's routes say. */
  readonly interface: string | undefined;
  received(packet: Buffer, from: RemoteInfo): void;
  /** Called with every failed attempt to open, to join or to send. */
  onError(error: Error): void;
}

/** By port. Emptied by those who close what they have opened. */
const sockets = new Map<number, SharedSocket>();

export class UdpInput {
  readonly #options: UdpInputOptions;
  readonly #groups = new Set<string>();
  #shared: SharedSocket | undefined;
  #failure: Error | undefined;

  constructor(options: UdpInputOptions) {
    this.#options = options;
  }

  /** Why nothing can come in at the moment. */
  get failure(): Error | undefined {
    return this.#shared?.isOpen === true ? this.#failure : (this.#failure ?? new Error("not open yet"));
  }

  /** Resolves when it is open, or has failed and is tried again by `retry`; never rejects. */
  async open(): Promise<void> {
    const { port } = this.#options;
    this.#shared = sockets.get(port) ?? new SharedSocket(port);
    sockets.set(port, this.#shared);
    this.#shared.inputs.add(this);
    await this.#shared.refresh();
    // Who comes later finds the socket open, and its networks known.
    this.joinAll();
  }

  /** Takes part in a group from now on, also when the network comes later. */
  join(group: string): void {
    if (this.#groups.has(group)) return;
    this.#groups.add(group);
    if (this.#shared?.isOpen === true) this.#join(this.#shared, group);
  }

  leave(group: string): void {
    if (this.#groups.delete(group)) this.#shared?.leave(group, this.#options.interface);
  }

  /** What failed is tried again, and what a network that came back has forgotten is joined again. */
  async retry(): Promise<void> {
    await this.#shared?.refresh();
    if (this.#failure !== undefined) this.joinAll();
  }

  /** From the port that is listened on, as Art-Net wants it. */
  send(packet: Uint8Array, port: number, address: string): void {
    this.#shared?.send(packet, port, address, (error) => this.failed(error));
  }

  async close(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    if (shared === undefined) return;
    shared.inputs.delete(this);
    for (const group of this.#groups) shared.leave(group, this.#options.interface);
    if (shared.inputs.size > 0) return;
    sockets.delete(this.#options.port);
    await shared.close();
  }

  /** For the socket: a packet came. */
  received(packet: Buffer, from: RemoteInfo): void {
    this.#options.received(packet, from);
  }

  /** For the socket: something failed. */
  failed(error: Error): void {
    this.#failure = error;
    this.#options.onError(error);
  }

  /** For the socket, when it is new or the network is another. */
  joinAll(): void {
    if (this.#shared?.isOpen !== true) return;
    this.#failure = undefined;
    for (const group of this.#groups) this.#join(this.#shared, group);
  }

  /** For the socket: whether another input of the port is in the group too. */
  isIn(group: string, local: string | undefined): boolean {
    return this.#groups.has(group) && this.#options.interface === local;
  }

  #join(shared: SharedSocket, group: string): void {
    const error = shared.join(group, this.#options.interface);
    if (error !== undefined) this.failed(error);
  }
}

class SharedSocket {
  readonly inputs = new Set<UdpInput>();
  readonly #port: number;
  readonly #memberships = new Memberships();
  #socket: Socket | undefined;
  #networks = "";
  #opening: Promise<void> | undefined;
  isOpen = false;

  constructor(port: number) {
    this.#port = port;
  }

  /** Opens it if it is not, and joins everything again if the node's networks are others than before. */
  async refresh(): Promise<void> {
    if (this.#socket === undefined) this.#opening = this.#open();
    await this.#opening;
    const networks = addressesHere();
    if (!this.isOpen || networks === this.#networks) return;
    this.#networks = networks;
    for (const input of this.inputs) input.joinAll();
  }

  /** Joined already is joined. */
  join(group: string, local: string | undefined): Error | undefined {
    return this.#memberships.join(group, local);
  }

  leave(group: string, local: string | undefined): void {
    if ([...this.inputs].some((input) => input.isIn(group, local))) return;
    this.#memberships.leave(group, local);
  }

  send(packet: Uint8Array, port: number, address: string, failed: (error: Error) => void): void {
    if (!this.isOpen) return;
    this.#socket?.send(packet, port, address, (error) => {
      if (error !== null) failed(error);
    });
  }

  async close(): Promise<void> {
    await this.#opening;
    const socket = this.#socket;
    this.#socket = undefined;
    this.isOpen = false;
    await this.#memberships.close();
    if (socket === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.close(resolve);
    await promise;
  }

  async #open(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = createSocket({
      type: "udp4",
      reuseAddr: true,
      lookup: (host, _options, callback) => callback(null, host, 4),
    });
    this.#socket = socket;
    socket.on("message", (packet, from) => {
      for (const input of this.inputs) input.received(packet, from);
    });
    socket.on("error", (error) => {
      if (this.#socket !== socket) return;
      this.isOpen = false;
      this.#socket = undefined;
      socket.close();
      for (const input of this.inputs) input.failed(error);
      resolve();
    });
    socket.on("listening", () => {
      socket.setBroadcast(true);
      this.isOpen = true;
      resolve();
    });
    // On all addresses: a socket on one gets nothing that is multicast or broadcast.
    socket.bind({ port: this.#port, exclusive: true });
    await promise;
    this.#networks = "";
  }
}

/** Which networks the node has: another text, another network. */
function addressesHere(): string {
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address }) => `${name} ${address}`),
  );
  return found.toSorted().join();
}
