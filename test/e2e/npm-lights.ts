// Other people's sACN and Art-Net, in a process of its own: the npm packages `sacn` and `dmxnet`, as second opinions.

import dmxnet from "dmxnet";
import sacn from "sacn";
import { answerRequests } from "./remote.ts";

export type NpmQuestion =
  | {
      readonly kind: "receive";
      readonly universe: number;
      readonly interface: string;
      readonly portAddress: number;
    }
  /** Goes on sending it, five times a second. */
  | {
      readonly kind: "send";
      readonly universe: number;
      readonly interface: string;
      readonly priority: number;
      readonly level: number;
    }
  | {
      readonly kind: "send-artnet";
      readonly to: string;
      readonly portAddress: number;
      readonly level: number;
    }
  | { readonly kind: "seen" };

/** What they show, slot 1 first. */
export interface NpmSeen {
  readonly sacn: readonly number[];
  readonly artnet: readonly number[];
  readonly outOfOrder: number;
}

const seen = { sacn: Array<number>(512).fill(0), artnet: [] as readonly number[], outOfOrder: 0 };
const artnet = new dmxnet.dmxnet({ log: { level: "error" } });

answerRequests(async (asked) => {
  const question = asked as NpmQuestion;
  switch (question.kind) {
    case "receive":
      receive(question);
      return null;
    case "send": {
      const { universe, interface: iface, priority, level } = question;
      const sender = new sacn.Sender({
        universe,
        iface,
        reuseAddr: true,
        minRefreshRate: 5,
        defaultPacketOptions: { sourceName: "npm sacn", priority, useRawDmxValues: true },
      });
      await sender.send({ payload: { 1: level, 512: 3 } });
      return null;
    }
    case "send-artnet": {
      const { to: ip, portAddress, level } = question;
      const sender = artnet.newSender({ ip, ...partsOf(portAddress) });
      sender.prepChannel(511, 3);
      sender.setChannel(0, level);
      return null;
    }
    case "seen":
      return seen satisfies NpmSeen;
    default:
      throw new Error(`unknown question ${JSON.stringify(question)}`);
  }
});

const partsOf = (portAddress: number): { net: number; subnet: number; universe: number } => ({
  net: portAddress >> 8,
  subnet: (portAddress >> 4) & 0x0f,
  universe: portAddress & 0x0f,
});

function receive({ universe, interface: iface, portAddress }: NpmQuestion & { kind: "receive" }): void {
  const receiver = new sacn.Receiver({ universes: [universe], iface, reuseAddr: true });
  receiver.on("packet", (packet) => {
    // It gives per cent, and leaves out what is 0.
    const levels = Object.entries(packet.payload).map(
      ([slot, level]) => [Number(slot), Math.round(level * 2.55)] as const,
    );
    seen.sacn = Array<number>(512).fill(0);
    for (const [slot, level] of levels) seen.sacn[slot - 1] = level;
  });
  receiver.on("PacketOutOfOrder", () => (seen.outOfOrder += 1));
  artnet.newReceiver(partsOf(portAddress)).on("data", (levels: readonly number[]) => (seen.artnet = levels));
}
