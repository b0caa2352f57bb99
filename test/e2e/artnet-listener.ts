// Art-Net's port of a receiver: says what came to its own address and what was broadcast, which one socket cannot tell
// apart.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isArtSync } from "../../agent/modules/dmx/artnet-poll.ts";
import { artnetPort, decodeArtDmx } from "../../agent/modules/dmx/artnet.ts";
import { answerRequests } from "./remote.ts";

export interface ArtnetQuestion {
  /** Forgets what it has told. */
  readonly kind: "heard";
}

export type ArtnetHeard = Readonly<Record<"alone" | "broadcast", readonly string[]>>;

const [own = "", broadcast = ""] = process.argv.slice(2);
const heard = { alone: [] as string[], broadcast: [] as string[] };

for (const [how, address] of [
  ["alone", own],
  ["broadcast", broadcast],
] as const) {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.on("message", (packet) => {
    if (isArtSync(packet)) heard[how].push("sync");
    const frame = decodeArtDmx(packet);
    if (frame !== undefined) heard[how].push(`levels of ${frame.portAddress}`);
  });
  socket.bind(artnetPort, address);
  await once(socket, "listening");
}

answerRequests(async () => {
  const told: ArtnetHeard = { alone: heard.alone.splice(0), broadcast: heard.broadcast.splice(0) };
  return told;
});
