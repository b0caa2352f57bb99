/** Listens for the levels of one universe over sACN, Art-Net and USB, and gives them on as frames of their sources. */
import type { RemoteInfo } from "node:dgram";
import type { Instant, Millis, ModuleContext } from "@interactor/shared/sdk/define-module";
import { seconds } from "@interactor/shared/sdk/define-module";
import { ArtnetPeer } from "./artnet-peer.ts";
import { isArtSync } from "./artnet-poll.ts";
import { decodeArtDmx } from "./artnet.ts";
import { type NetworkFrame, sacnLossTimeout } from "./engine/network-sources.ts";
import type { Lines } from "./line-health.ts";
import { ErrorReport } from "./error-report.ts";
import { nameOfPlace } from "../../serial-line/place.ts";
import { isLocalAddress } from "./local-networks.ts";
import { decodeExtended } from "./sacn-extended.ts";
import { decodeSacn, mayBeOfUniverse, sacnGroup, startCodes } from "./sacn.ts";
import type {
  ArtnetReceiveSettings,
  ReceiveSettings,
  SacnReceiveSettings,
  UsbReceiveSettings,
} from "./settings/receive.ts";
import { UdpInput } from "./udp-input.ts";
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
  synchronize(validFor: Millis, at: Instant, by?: string): void;
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

  get failure(): string | undefined {
    const failed = this.#listening.filter(({ failure }) => failure !== undefined);
    if (failed.length === 0) return undefined;
    return failed.map(({ name, failure }) => unheard(name, failure?.message)).join("; ");
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
    /** The group in which looks are said to be due, once a source has named one. */
    let synchronization = 0;
    const own = Buffer.from(this.#options.cid);
    const input: UdpInput = new UdpInput({
      port,
      interface: local,
      onError: (error) => this.#complain(`sACN: ${error.message}`),
      received: (packet, from) => {
        const at = this.#context.clock.now();
        const extended = decodeExtended(packet);
        if (
          extended?.kind === "synchronization" &&
          extended.universe === synchronization &&
          synchronization > 0
        )
          return this.#options.synchronize(sacnLossTimeout, at);
        const found = sacnFrame(packet, universe, own);
        if (found === undefined) return;
        const frame = { ...found, origin: { address: from.address, cid: found.key } };
        if (frame.synchronization !== synchronization && frame.synchronization > 0) {
          // One at a time: who names another every time would have us in every group there is.
          if (synchronization > 0) input.leave(sacnGroup(synchronization));
          synchronization = frame.synchronization;
          input.join(sacnGroup(synchronization));
        }
        this.#take(frame, at);
      },
    });
    input.join(sacnGroup(universe));
    await input.open();
    return {
      name: "sACN",
      get failure() {
        return input.failure;
      },
      tick: () => void input.retry(),
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
          isSynchronized: false,
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
    if (isArtSync(packet)) return this.#options.synchronize(artSyncValid, at, from.address);
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
      // Whether looks wait follows from whether somebody synchronizes.
      isSynchronized: true,
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

const unheard = (name: string, reason = ""): string => `${name} cannot be received: ${reason}`;

/** What a packet is to a receiver of `universe`; `undefined`: nothing, or our own. */
function sacnFrame(
  packet: Buffer,
  universe: number,
  own: Buffer,
): (NetworkFrame & { readonly synchronization: number }) | undefined {
  const found = mayBeOfUniverse(packet, universe) ? decodeSacn(packet) : undefined;
  if (found === undefined || found.universe !== universe || found.isPreview || own.equals(found.cid))
    return undefined;
  const { cid, sourceName, priority, sequence, synchronization, isTerminated, startCode, levels } = found;
  if (startCode !== startCodes.levels && startCode !== startCodes.priorities) return undefined;
  return {
    key: Buffer.from(cid).toString("hex"),
    name: sourceName,
    priority,
    timeout: sacnLossTimeout,
    sequence,
    content:
      startCode === startCodes.levels
        ? { kind: "levels", levels }
        : { kind: "priorities", priorities: levels },
    isTerminated,
    isSynchronized: synchronization > 0,
    synchronization,
  };
}
