/** A universe as a stream of packets of one protocol: one buffer, numbered anew for every frame. */
import { artDmxPacket, nextArtnetSequence, writeArtDmx } from "./artnet.ts";
import { nextSacnSequence, sacnPacket, type SacnSource, writeSacn } from "./sacn.ts";
import type { UdpOutput } from "./udp-output.ts";

export interface Stream {
  readonly output: UdpOutput;
  /** Returns whether the frame was handed to the system. */
  send(levels: Uint8Array): boolean;
  /** Says that this source leaves, in protocols that have a word for it. */
  sendTerminated(levels: Uint8Array): void;
}

export function sacnStream(output: UdpOutput, source: SacnSource): Stream {
  const packet = sacnPacket(source);
  let sequence = 0;
  const send = (levels: Uint8Array, isTerminated: boolean): boolean => {
    writeSacn(packet, { levels, sequence, isTerminated });
    sequence = nextSacnSequence(sequence);
    return output.send(packet);
  };
  return {
    output,
    send: (levels) => send(levels, false),
    sendTerminated: (levels) => void send(levels, true),
  };
}

/** Art-Net has no word for leaving: its receivers hold the last look, or do on time-out what they are set to. */
export function artnetStream(output: UdpOutput, portAddress: number): Stream {
  const packet = artDmxPacket(portAddress);
  let sequence = 1;
  return {
    output,
    send(levels) {
      writeArtDmx(packet, { levels, sequence });
      sequence = nextArtnetSequence(sequence);
      return output.send(packet);
    },
    sendTerminated: () => undefined,
  };
}
