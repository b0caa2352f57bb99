/** A universe over sACN: levels, priorities of single slots, synchronization, and what is told of the source. */
import { between, type Instant, later, seconds } from "@interactor/shared/sdk/define-module";
import { slotCount } from "../engine/slots.ts";
import { discoveryPacket, discoveryUniverse, synchronizationPacket } from "../sacn-extended.ts";
import { nextSacnSequence, sacnGroup, sacnPacket, type SacnSource, startCodes, writeSacn } from "../sacn.ts";
import type { Settings } from "../settings.ts";
import type { SacnSettings } from "../settings/outputs.ts";
import { counted } from "../ways.ts";
import type { OnError, Output } from "./output.ts";
import { SyncGroup } from "./sync-group.ts";
import { UdpOutput } from "./udp-output.ts";

/** E131_UNIVERSE_DISCOVERY_INTERVAL. */
const discoveryInterval = seconds(10);

export class SacnOutput implements Output {
  readonly name = "sACN";
  readonly #source: SacnSource;
  readonly #settings: SacnSettings;
  readonly #output: UdpOutput;
  readonly #packet: Buffer;
  /** With the priorities of the slots, if they differ. */
  readonly #priorities: Buffer | undefined;
  readonly #slotPriorities: Uint8Array;
  readonly sync: SyncGroup | undefined;
  #sequence = 0;
  #syncSequence = 0;
  #discoveredAt: Instant | undefined;

  constructor(
    source: Omit<SacnSource, "synchronization" | "priority">,
    settings: SacnSettings,
    onError: OnError,
  ) {
    const { priority, synchronization, slotPriorities } = settings;
    this.#source = { ...source, priority, synchronization: synchronization ?? 0 };
    this.#settings = settings;
    this.#output = new UdpOutput({
      addresses: this.#addresses,
      port: settings.port,
      interface: settings.interface,
      onError,
    });
    this.#packet = sacnPacket(this.#source);
    this.#slotPriorities = Uint8Array.from(
      { length: slotCount },
      (_, slot) => slotPriorities.get(slot) ?? priority,
    );
    if (slotPriorities.size > 0) this.#priorities = sacnPacket(this.#source, startCodes.priorities);
    if (synchronization !== undefined) this.sync = SyncGroup.join(`sACN ${synchronization}`);
  }

  get failure(): Error | undefined {
    return this.#output.failure;
  }

  get trouble(): string | undefined {
    return this.#output.trouble;
  }

  get reaches(): string {
    const { to } = this.#settings;
    return to === "multicast" ? to : counted(to.length, "address", "addresses");
  }

  get to(): readonly string[] {
    return this.#settings.to === "multicast" ? this.#addresses : [];
  }

  get #addresses(): readonly string[] {
    const { to } = this.#settings;
    return to === "multicast" ? [sacnGroup(this.#source.universe)] : to;
  }

  /** Nobody can be seen who listens. */
  async selfTest(tried: Promise<void>): Promise<string | undefined> {
    await tried;
    return this.failure?.message;
  }

  open(): Promise<void> {
    return this.#output.open();
  }

  send(levels: Uint8Array): boolean {
    // Before the first levels, so that no receiver takes them with a priority that they have not.
    if (this.#sequence === 0) this.#sendPriorities();
    const isSent = this.#write(this.#packet, levels, false);
    this.sync?.frameSent(this.#receivers.join(), () => this.#synchronize());
    return isSent;
  }

  sendTerminated(levels: Uint8Array): void {
    this.#write(this.#packet, levels, true);
  }

  goesOnWith({ universe, sacn }: Settings): boolean {
    const { to, port, interface: way } = this.#settings;
    if (sacn === undefined || universe !== this.#source.universe) return false;
    const isHeard = to === "multicast" ? sacn.to === to : to.every((each) => [sacn.to].flat().includes(each));
    return isHeard && sacn.port === port && sacn.interface === way;
  }

  tick(at: Instant): void {
    if (this.#output.failure !== undefined) return void this.#output.open();
    this.#sendPriorities();
    if (this.#settings.to !== "multicast") return;
    if (this.#discoveredAt !== undefined && between(later(this.#discoveredAt, discoveryInterval), at) < 0)
      return;
    this.#discoveredAt = at;
    const { cid, sourceName, universe } = this.#source;
    const packet = discoveryPacket({ cid, sourceName, universes: [universe] });
    this.#output.say(packet, [sacnGroup(discoveryUniverse)]);
  }

  isOwnPort(port: number): boolean {
    return this.#output.isOwn(port);
  }

  async close(): Promise<void> {
    this.sync?.leave();
    await this.#output.close();
  }

  get #receivers(): readonly string[] {
    const { to } = this.#settings;
    return to === "multicast" ? [sacnGroup(this.#source.synchronization)] : to;
  }

  #write(packet: Buffer, levels: Uint8Array, isTerminated: boolean): boolean {
    writeSacn(packet, { levels, sequence: this.#sequence, isTerminated });
    this.#sequence = nextSacnSequence(this.#sequence);
    return this.#output.send(packet);
  }

  #sendPriorities(): void {
    if (this.#priorities === undefined) return;
    writeSacn(this.#priorities, {
      levels: this.#slotPriorities,
      sequence: this.#sequence,
      isTerminated: false,
    });
    this.#sequence = nextSacnSequence(this.#sequence);
    // The buffer is written anew a second later, and the system has long taken it by then.
    this.#output.say(this.#priorities, this.#addresses);
  }

  #synchronize(): void {
    const { cid, synchronization } = this.#source;
    const packet = synchronizationPacket({ cid, universe: synchronization, sequence: this.#syncSequence });
    this.#syncSequence = nextSacnSequence(this.#syncSequence);
    this.#output.say(packet, this.#receivers);
  }
}
