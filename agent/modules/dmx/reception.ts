/** Listens for the levels of one universe over sACN, Art-Net and USB, and gives them on as frames of their sources. */
import type { RemoteInfo } from "node:dgram";
import type { Instant, ModuleContext } from "@interactor/shared/sdk/define-module";
import { seconds } from "@interactor/shared/sdk/define-module";
import { ArtnetPeer } from "./artnet-peer.ts";
import { isArtSync } from "./artnet-poll.ts";
import { decodeArtDmx } from "./artnet.ts";
import { type NetworkFrame, sacnLossTimeout, type Synchronization } from "./engine/network-sources.ts";
import type { Lines } from "./line-health.ts";
import { ErrorReport } from "./error-report.ts";
import { nameOfPlace } from "../../serial-line/place.ts";
import { isLocalAddress } from "./local-networks.ts";
import { isPortOfOurs } from "./outputs/udp-output.ts";
import { decodeExtended } from "./sacn-extended.ts";
import { decodeSacn, mayBeOfUniverse, type SacnData, sacnGroup, startCodes } from "./sacn.ts";
import type {
  ArtnetReceiveSettings,
  ReceiveSettings,
  SacnReceiveSettings,
  UsbReceiveSettings,
} from "./settings/receive.ts";
import { SynchronizationGroups } from "./synchronization-groups.ts";
import { UdpInput } from "./udp-input.ts";
import { unheard, type Way } from "./ways.ts";
import { UsbInput } from "./usb-input.ts";

/** Art-Net 4: who has not been synchronized for so long shows looks at once again. */
const artSyncValid = seconds(4);

export interface ReceptionOptions {
  readonly lines: Lines;
  /** Of our own source, which is not to hear itself. */
  readonly cid: Uint8Array;
  /** Whether a packet from this port of the node is one of our own. */
  isOwnPort(port: number): boolean;
  frame(frame: NetworkFrame, at: Instant): void;
  synchronize(said: Synchronization, at: Instant): void;
}

interface Listening {
  readonly name: string;
  readonly failure: Error | undefined;
  /** What is wrong with it, where it knows that better than by its failure. */
  selfTest?(): Promise<string | undefined>;
  tick(at: Instant): void;
  close(): Promise<void>;
}

export class Reception {
  readonly #context: ModuleContext;
  readonly #options: ReceptionOptions;
  readonly #report = new ErrorReport();
  readonly #listening: Listening[] = [];
  #packets = 0;

  constructor(context: ModuleContext, options: ReceptionOptions) {
    this.#context = context;
    this.#options = options;
  }

  get ways(): readonly Way[] {
    return this.#listening.map(({ name, failure }) => ({ name, failure: failure?.message }));
  }

  /** What is wrong with any of them; that a widget is not plugged in yet is not. `tried`: what failed was tried once more. */
  async selfTest(tried: Promise<void>): Promise<string | undefined> {
    const verdicts = await Promise.all(
      this.#listening.map(async (each) => {
        const fault =
          each.selfTest === undefined ? await tried.then(() => each.failure?.message) : await each.selfTest();
        return fault === undefined ? [] : [unheard(each.name, fault)];
      }),
    );
    return verdicts.flat().length === 0 ? undefined : verdicts.flat().join("; ");
  }

  /** Packets with levels since the start. */
  get packets(): number {
    return this.#packets;
  }

  async open({ sacn, artnet, usb }: ReceiveSettings): Promise<void> {
    if (sacn !== undefined) this.#listening.push(await this.#openSacn(sacn));
    if (artnet !== undefined) this.#listening.push(await this.#openArtnet(artnet));
    if (usb !== undefined) this.#listening.push(await this.#openUsb(usb));
  }

  tick(at: Instant): void {
    for (const each of this.#listening) each.tick(at);
  }

  async close(): Promise<void> {
    await Promise.all(this.#listening.map((each) => each.close()));
  }

  async #openSacn({ universe, port, interface: local }: SacnReceiveSettings): Promise<Listening> {
    const own = Buffer.from(this.#options.cid);
    const input: UdpInput = new UdpInput({
      port,
      interface: local,
      onError: (error) => this.#complain(`sACN: ${error.message}`),
      received: (packet, from) => {
        const at = this.#context.clock.now();
        const extended = decodeExtended(packet);
        if (extended?.kind === "synchronization") {
          if (!synchronizations.has(extended.universe)) return;
          const name = synchronizationName(extended.universe);
          return this.#options.synchronize({ name, validFor: sacnLossTimeout, isForOne: false }, at);
        }
        const found = sacnData(packet, universe, own);
        if (found === undefined) return;
        if (found.synchronization > 0) synchronizations.named(found.synchronization, at);
        this.#take(frameOf(found, from.address), at);
      },
    });
    const synchronizations = new SynchronizationGroups(input, universe);
    input.join(sacnGroup(universe));
    await input.open();
    return {
      name: "sACN",
      get failure() {
        return input.failure;
      },
      tick: (at) => {
        synchronizations.expire(at);
        void input.retry();
      },
      close: () => input.close(),
    };
  }

  async #openArtnet(settings: ArtnetReceiveSettings): Promise<Listening> {
    const { port, interface: local, portAddress } = settings;
    const { node, name, clock } = this.#context;
    const listener = {
      port: { portAddress, direction: "shows" as const },
      onError: (error: Error) => this.#complain(`Art-Net: ${error.message}`),
      received: (packet: Buffer, from: RemoteInfo) => this.#takeArtnet(packet, from, settings),
    };
    const options = { port, interface: local, name: `${node}/${name} (Interactor)`, poll: [] };
    const peer = await ArtnetPeer.join(options, clock, listener);
    return {
      name: "Art-Net",
      get failure() {
        return peer.failure;
      },
      tick: (at) => peer.tick(at),
      close: () => peer.leave(listener),
    };
  }

  async #openUsb(settings: UsbReceiveSettings): Promise<Listening> {
    const { place, priority, timeout } = settings;
    const input = new UsbInput(settings, this.#options.lines, {
      onError: (error) => this.#complain(`USB: ${error.message}`),
      heard: (levels) => {
        const frame: NetworkFrame = {
          key: nameOfPlace(place),
          name: "DMX line",
          origin: { line: nameOfPlace(place) },
          priority,
          timeout,
          sequence: undefined,
          content: { kind: "levels", levels },
          isTerminated: false,
          synchronization: undefined,
        };
        this.#take(frame, this.#context.clock.now());
      },
    });
    await input.open();
    return {
      name: "USB",
      get failure() {
        return input.failure;
      },
      selfTest: () => input.selfTest(),
      // It asks, and is opened anew, by itself.
      tick: () => undefined,
      close: () => input.close(),
    };
  }

  #takeArtnet(
    packet: Buffer,
    from: RemoteInfo,
    { portAddress, priority, timeout }: ArtnetReceiveSettings,
  ): void {
    const at = this.#context.clock.now();
    if (isArtSync(packet)) {
      // What is broadcast comes back to us: it says when our own looks are shown, and nobody's who is heard here.
      if (isPortOfOurs(from.port) && isLocalAddress(from.address)) return;
      const said = { name: from.address, validFor: artSyncValid, isForOne: true };
      return this.#options.synchronize(said, at);
    }
    const found = decodeArtDmx(packet);
    if (found === undefined || found.portAddress !== portAddress) return;
    if (this.#options.isOwnPort(from.port) && isLocalAddress(from.address)) return;
    const frame: NetworkFrame = {
      key: from.address,
      name: `Art-Net ${from.address}`,
      origin: { address: from.address },
      priority,
      timeout,
      sequence: found.sequence === 0 ? undefined : found.sequence,
      content: { kind: "levels", levels: found.levels },
      isTerminated: false,
      // Whether looks wait follows from whether it says ArtSync.
      synchronization: from.address,
    };
    this.#take(frame, at);
  }

  #take(frame: NetworkFrame, at: Instant): void {
    this.#packets += 1;
    this.#options.frame(frame, at);
  }

  #complain(text: string): void {
    const line = this.#report.count(text, this.#context.clock.now());
    if (line !== undefined) this.#context.log.warn(line);
  }
}

/** What a packet is to a receiver of `universe`; `undefined`: nothing, or our own. */
function sacnData(packet: Buffer, universe: number, own: Buffer): SacnData | undefined {
  const found = mayBeOfUniverse(packet, universe) ? decodeSacn(packet) : undefined;
  if (found === undefined || found.universe !== universe || found.isPreview || own.equals(found.cid))
    return undefined;
  const { startCode } = found;
  return startCode === startCodes.levels || startCode === startCodes.priorities ? found : undefined;
}

function frameOf(found: SacnData, address: string): NetworkFrame {
  const { cid, sourceName, priority, sequence, synchronization, isTerminated, startCode, levels } = found;
  const key = Buffer.from(cid).toString("hex");
  return {
    key,
    name: sourceName,
    origin: { address, cid: key },
    priority,
    timeout: sacnLossTimeout,
    sequence,
    content:
      startCode === startCodes.levels
        ? { kind: "levels", levels }
        : { kind: "priorities", priorities: levels },
    isTerminated,
    synchronization: synchronization > 0 ? synchronizationName(synchronization) : undefined,
  };
}

const synchronizationName = (universe: number): string => `sACN ${universe}`;
