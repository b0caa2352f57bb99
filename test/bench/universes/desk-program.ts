// Two lighting desks and a receiver, in a process and a network of their own: the desks send sACN to whoever merges, the
// receiver takes the Art-Net that comes of it and times it. One desk moves: 44 times a second another look, with its
// number in the first two slots. The other stands still and keeps itself alive.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { artnetPort, decodeArtDmx } from "../../../agent/modules/dmx/artnet.ts";
import {
  nextSacnSequence,
  sacnGroup,
  sacnPacket,
  sacnPort,
  sourceCid,
  writeSacn,
} from "../../../agent/modules/dmx/sacn.ts";
import { answerRequests } from "../../e2e/remote.ts";

export type DeskQuestion =
  | { readonly kind: "start"; readonly universes: number; readonly interface: string }
  /** Forgets what was timed so far. */
  | { readonly kind: "forget" }
  | { readonly kind: "timed" };

export interface Timed {
  /** From a look's first packet to the first frame that shows it, of all universes, in ms. */
  readonly latencies: readonly number[];
  /** From one frame to the next of the same universe, in ms: what a receiver sees. */
  readonly frameGaps: readonly number[];
  /** From the first frame of a look to the first frame of a later one in the same universe, in ms. */
  readonly lookGaps: readonly number[];
  /** From one look of the moving desk to the next, in ms: nobody who shows each at once can be steadier. */
  readonly sendGaps: readonly number[];
  /** Looks that no frame has shown, because a later one came first. */
  readonly missed: number;
  /** Frames that came in all. */
  readonly frames: number;
}

const frameInterval = 1000 / 44;
const keepAlive = 800;
/** A timer of Node fires up to so many ms late. */
const timerSlack = 2;
/** Looks whose frames may still be on their way are not yet missed. */
const settled = 200;

const looks = new Map<number, { readonly at: number; readonly seenBy: Set<number> }>();
let latencies: number[] = [];
let frameGaps: number[] = [];
let lookGaps: number[] = [];
let sendGaps: number[] = [];
/** By universe. */
const lastFrameAt = new Map<number, number>();
const lastLookAt = new Map<number, number>();
let frames = 0;
let first = 1;
let number = 0;
let universes = 0;

const receiver = createSocket({ type: "udp4", reuseAddr: true });
receiver.on("message", (packet) => {
  const at = performance.now();
  const frame = decodeArtDmx(packet);
  if (frame === undefined) return;
  frames += 1;
  since(lastFrameAt, frame.portAddress, at, frameGaps);
  const look = looks.get(((frame.levels[0] ?? 0) << 8) | (frame.levels[1] ?? 0));
  if (look === undefined || look.seenBy.has(frame.portAddress)) return;
  look.seenBy.add(frame.portAddress);
  latencies.push(at - look.at);
  since(lastLookAt, frame.portAddress, at, lookGaps);
});
receiver.bind(artnetPort);

answerRequests(async (asked) => {
  const question = asked as DeskQuestion;
  switch (question.kind) {
    case "start":
      return start(question);
    case "forget":
      [latencies, frameGaps, lookGaps, sendGaps, frames, first] = [[], [], [], [], 0, number + 1];
      lastFrameAt.clear();
      lastLookAt.clear();
      looks.clear();
      return null;
    case "timed":
      return timed();
    default:
      throw new Error(`unknown question ${JSON.stringify(question)}`);
  }
});

async function start(asked: DeskQuestion & { kind: "start" }): Promise<null> {
  universes = asked.universes;
  const socket = createSocket("udp4");
  socket.bind(0, asked.interface);
  await once(socket, "listening");
  socket.setMulticastInterface(asked.interface);
  const desk = (name: string) =>
    Array.from({ length: universes }, (_, index) => {
      const universe = index + 1;
      const source = { cid: sourceCid(name), sourceName: name, universe, priority: 100, synchronization: 0 };
      return { packet: sacnPacket(source), group: sacnGroup(universe) };
    });
  const sender = (name: string) => {
    const packets = desk(name);
    let sequence = 0;
    return (levels: Uint8Array) => {
      for (const { packet, group } of packets) {
        writeSacn(packet, { levels, sequence, isTerminated: false });
        socket.send(packet, sacnPort, group);
      }
      sequence = nextSacnSequence(sequence);
    };
  };
  const still = sender("still");
  const levels = Uint8Array.from({ length: 512 }, (_, slot) => (slot < 2 ? 0 : (slot * 7) % 256));
  setInterval(() => still(levels), keepAlive);
  still(levels);
  move(sender("moving"));
  return null;
}

function move(send: (levels: Uint8Array) => void): void {
  const levels = new Uint8Array(512);
  const startedAt = performance.now();
  let lastSentAt = startedAt;
  const next = (): void => {
    const now = performance.now();
    sendGaps.push(now - lastSentAt);
    lastSentAt = now;
    number = (number + 1) % 0x10000;
    for (let slot = 2; slot < 512; slot += 1) levels[slot] = (slot + number) % 256;
    [levels[0], levels[1]] = [number >> 8, number & 0xff];
    looks.set(number, { at: now, seenBy: new Set() });
    send(levels);
    sent += 1;
    wait();
  };
  let sent = 0;
  /** Timers are whole milliseconds: the rest is waited for between other work, or a desk would be as unsteady as they are. */
  const wait = (): void => {
    const left = startedAt + sent * frameInterval - performance.now();
    if (left <= 0) next();
    else if (left < timerSlack) setImmediate(wait);
    else setTimeout(wait, Math.floor(left - 1));
  };
  next();
}

function timed(): Timed {
  const now = performance.now();
  let missed = 0;
  for (const [which, { at, seenBy }] of looks) {
    if (which >= first && now - at > settled) missed += universes - seenBy.size;
  }
  return { latencies, frameGaps, lookGaps, sendGaps, missed, frames };
}

/** Notes how long ago the universe was last seen. */
function since(lastAt: Map<number, number>, universe: number, at: number, gaps: number[]): void {
  const last = lastAt.get(universe);
  if (last !== undefined) gaps.push(at - last);
  lastAt.set(universe, at);
}
