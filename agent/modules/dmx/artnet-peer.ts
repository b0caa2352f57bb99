/**
 * This node among the nodes of Art-Net: asks every 3 s who shows what, so that levels go to those who want them and to
 * nobody else, and answers those who ask. One for all instances of the worker, because there is one port and each
 * question is answered by everybody.
 */
import type { RemoteInfo } from "node:dgram";
import { between, type Clock, type Instant, later, seconds } from "@interactor/shared/sdk/define-module";
import {
  artPollPacket,
  artPollReplyPacket,
  decodeArtPoll,
  decodeArtPollReply,
  type OwnPort,
} from "./artnet-poll.ts";
import { opCodeOf, opCodes } from "./artnet.ts";
import { addressToward, broadcastAddresses } from "./local-networks.ts";
import { UdpInput } from "./udp-input.ts";

/** Art-Net 4: a controller asks every 2.5 to 3 s. */
const pollInterval = seconds(2.9);
/** Three questions unanswered and some time to spare: the node has gone. */
const replyTimeout = seconds(10);
/**
 * Nodes that show what is sent here. More: refuse, and say so; a network of hundreds is multicast sACN's. What is not
 * sent here is not remembered: a controller of pixels may show a hundred universes of others.
 */
export const nodesMax = 256;
/** Replies to one second of questions: each is seventeen times as long as what asks for it. More: refuse. */
const repliesPerSecondMax = 64;

export interface PeerOptions {
  readonly port: number;
  readonly interface: string | undefined;
  /** For people who look at the network. */
  readonly name: string;
  /** Asked besides everybody on the own networks: nodes behind a router. */
  readonly poll: readonly string[];
}

interface Listener {
  readonly port: OwnPort;
  received(packet: Buffer, from: RemoteInfo): void;
  onError(error: Error): void;
}

/** What the instances of a worker share, by port and interface. Emptied by those who leave. */
const peers = new Map<string, ArtnetPeer>();

export class ArtnetPeer {
  readonly #key: string;
  readonly #options: PeerOptions;
  readonly #clock: Clock;
  readonly #input: UdpInput;
  readonly #listeners = new Set<Listener>();
  readonly #extra = new Set<string>();
  /** By address: when each port address that is sent here was last asked for. */
  readonly #shows = new Map<string, Map<number, Instant>>();
  #polledAt: Instant | undefined;
  #second = 0;
  #replies = 0;

  private constructor(key: string, options: PeerOptions, clock: Clock) {
    this.#key = key;
    this.#options = options;
    this.#clock = clock;
    this.#input = new UdpInput({
      port: options.port,
      interface: options.interface,
      received: (packet, from) => this.#received(packet, from),
      onError: (error) => this.#complain(error),
    });
  }

  /** Takes part, with a port of one's own. Resolves when the socket is open or has failed. */
  static async join(options: PeerOptions, clock: Clock, listener: Listener): Promise<ArtnetPeer> {
    const key = `${options.interface ?? ""}:${options.port}`;
    const peer = peers.get(key) ?? new ArtnetPeer(key, options, clock);
    peers.set(key, peer);
    peer.#listeners.add(listener);
    for (const address of options.poll) peer.#extra.add(address);
    if (peer.#listeners.size === 1) await peer.#input.open();
    peer.#poll(clock.now());
    return peer;
  }

  get failure(): Error | undefined {
    return this.#input.failure;
  }

  /** Asks again when it is time, and tries again what has failed. */
  tick(at: Instant): void {
    void this.#input.retry();
    if (this.#polledAt === undefined || between(later(this.#polledAt, pollInterval), at) >= 0) this.#poll(at);
  }

  /** Who shows the port address, by what they said in the last 10 s. */
  subscribers(portAddress: number, at: Instant): readonly string[] {
    const found: string[] = [];
    for (const [address, ports] of this.#shows) {
      const heard = ports.get(portAddress);
      if (heard !== undefined && between(later(heard, replyTimeout), at) < 0) found.push(address);
    }
    return found.toSorted();
  }

  async leave(listener: Listener): Promise<void> {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    if (peers.get(this.#key) === this) peers.delete(this.#key);
    await this.#input.close();
  }

  #poll(at: Instant): void {
    this.#polledAt = at;
    for (const [address, ports] of this.#shows) {
      for (const [port, heard] of ports) {
        if (between(later(heard, replyTimeout), at) >= 0) ports.delete(port);
      }
      if (ports.size === 0) this.#shows.delete(address);
    }
    const everybody = broadcastAddresses(this.#options.interface);
    for (const address of new Set([...everybody, ...this.#extra])) {
      this.#input.send(artPollPacket(), this.#options.port, address);
    }
  }

  #received(packet: Buffer, from: RemoteInfo): void {
    const opCode = opCodeOf(packet);
    if (opCode === opCodes.poll) this.#answer(packet, from);
    else if (opCode === opCodes.pollReply) this.#note(packet, from);
    else if (opCode !== undefined) for (const listener of this.#listeners) listener.received(packet, from);
  }

  /** A node is known by where its packets come from: what it says of itself may be wrong behind a router. */
  #note(packet: Buffer, { address }: RemoteInfo): void {
    const shows = decodeArtPollReply(packet)?.shows.filter((portAddress) => this.#isSent(portAddress)) ?? [];
    if (shows.length === 0) return;
    if (!this.#shows.has(address) && this.#shows.size >= nodesMax) {
      this.#complain(new Error(`more than ${nodesMax} nodes ask for levels: ${address} gets none`));
      return;
    }
    const ports = this.#shows.get(address) ?? new Map<number, Instant>();
    this.#shows.set(address, ports);
    for (const portAddress of shows) ports.set(portAddress, this.#clock.now());
  }

  #isSent(portAddress: number): boolean {
    return [...this.#listeners].some(
      ({ port }) => port.direction === "sends" && port.portAddress === portAddress,
    );
  }

  #complain(error: Error): void {
    for (const listener of this.#listeners) listener.onError(error);
  }

  #answer(packet: Buffer, from: RemoteInfo): void {
    const poll = decodeArtPoll(packet);
    if (poll === undefined) return;
    const address = this.#options.interface ?? addressToward(from.address);
    for (const [index, { port }] of [...this.#listeners].entries()) {
      if (port.portAddress < poll.from || port.portAddress > poll.to || !this.#mayReply()) continue;
      const report = `#0001 [${index + 1}] running`;
      const reply = artPollReplyPacket({ address, name: this.#options.name, report }, port, index + 1);
      // Art-Net 4 has one port for both directions; some ask from another, and listen there.
      for (const port of new Set([this.#options.port, from.port]))
        this.#input.send(reply, port, from.address);
    }
  }

  #mayReply(): boolean {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) this.#replies = 0;
    this.#second = second;
    this.#replies += 1;
    return this.#replies <= repliesPerSecondMax;
  }
}
