/**
 * A universe over Art-Net 4: to the addresses that the settings name, or to those nodes that ask for it. Art-Net has no
 * word for leaving: its receivers hold the last look, or do on time-out what they are set to.
 */
import type { Clock, Instant } from "@interactor/shared/sdk/define-module";
import { ArtnetPeer } from "../artnet-peer.ts";
import { artSyncPacket } from "../artnet-poll.ts";
import { artDmxPacket, nextArtnetSequence, writeArtDmx } from "../artnet.ts";
import { reachingAll } from "../local-networks.ts";
import type { ArtnetSettings } from "../settings/outputs.ts";
import { counted } from "../ways.ts";
import type { OnError, Output } from "./output.ts";
import { SyncGroup } from "./sync-group.ts";
import { UdpOutput } from "./udp-output.ts";

export class ArtnetOutput implements Output {
  readonly name = "Art-Net";
  readonly #settings: ArtnetSettings;
  readonly #clock: Clock;
  readonly #nodeName: string;
  readonly #onError: OnError;
  readonly #output: UdpOutput;
  readonly #packet: Buffer;
  readonly sync: SyncGroup | undefined;
  #sequence = 1;
  #peer: { readonly peer: ArtnetPeer; leave(): Promise<void> } | undefined;
  #addresses: readonly string[];
  /** Art-Net 4 wants ArtSync broadcast: universes with other receivers change with this one. */
  #everybody: readonly string[] = [];

  constructor(nodeName: string, settings: ArtnetSettings, clock: Clock, onError: OnError) {
    this.#settings = settings;
    this.#clock = clock;
    this.#nodeName = nodeName;
    this.#onError = onError;
    this.#addresses = settings.to === "subscribers" ? [] : settings.to;
    this.#output = new UdpOutput({
      addresses: this.#addresses,
      port: settings.port,
      interface: settings.interface,
      onError,
    });
    this.#packet = artDmxPacket(settings.portAddress);
    if (settings.sync) this.sync = SyncGroup.join("Art-Net");
  }

  get failure(): Error | undefined {
    const { hasNobody, failure } = this.#output;
    // Where nobody can be asked, nobody answers.
    return (hasNobody ? this.#peer?.peer.failure : undefined) ?? failure;
  }

  get trouble(): string | undefined {
    return this.#output.trouble;
  }

  get reaches(): string {
    const { length } = this.#addresses;
    return this.#settings.to === "subscribers"
      ? counted(length, "node", "nodes")
      : counted(length, "address", "addresses");
  }

  get to(): readonly string[] {
    return this.#settings.to === "subscribers" ? this.#addresses : [];
  }

  async selfTest(tried: Promise<void>): Promise<string | undefined> {
    await tried;
    return this.#output.hasNobody ? undefined : this.failure?.message;
  }

  async open(): Promise<void> {
    await this.#output.open();
    this.#findEverybody();
    if (this.#settings.to !== "subscribers") return;
    const { port, portAddress, poll } = this.#settings;
    const listener = {
      port: { portAddress, direction: "sends" as const },
      received: () => undefined,
      onError: this.#onError,
    };
    const options = { port, interface: this.#settings.interface, name: this.#nodeName, poll };
    const peer = await ArtnetPeer.join(options, this.#clock, listener);
    this.#peer = { peer, leave: () => peer.leave(listener) };
  }

  send(levels: Uint8Array): boolean {
    if (this.#peer !== undefined)
      this.#aim(this.#peer.peer.subscribers(this.#settings.portAddress, this.#clock.now()));
    writeArtDmx(this.#packet, { levels, sequence: this.#sequence });
    this.#sequence = nextArtnetSequence(this.#sequence);
    const isSent = this.#output.send(this.#packet);
    if (this.#addresses.length === 0) return false;
    const everybody = this.#everybody;
    this.sync?.frameSent(everybody.join(), () => this.#output.say(artSyncPacket(), everybody));
    return isSent;
  }

  sendTerminated(): void {
    // There is no such word.
  }

  goesOnWith(): boolean {
    return true;
  }

  tick(at: Instant): void {
    if (this.#output.failure !== undefined && this.#addresses.length > 0) void this.#output.open();
    this.#peer?.peer.tick(at);
    this.#findEverybody();
  }

  isOwnPort(port: number): boolean {
    return this.#output.isOwn(port);
  }

  async close(): Promise<void> {
    this.sync?.leave();
    await this.#peer?.leave();
    await this.#output.close();
  }

  #aim(addresses: readonly string[]): void {
    if (addresses.join() === this.#addresses.join()) return;
    this.#addresses = addresses;
    this.#output.aim(addresses);
    this.#findEverybody();
  }

  /** Not with each frame: the node's networks are asked for. */
  #findEverybody(): void {
    if (this.sync !== undefined) this.#everybody = reachingAll(this.#addresses);
  }
}
