// Attacks with packets that do not end: bytes that a broker would gather.

import { setTimeout as after } from "node:timers/promises";
import type { Attack, Scene } from "./attack.ts";
import { frameHeader, type RawConnection } from "./raw-connection.ts";
import { fixedHeader, packetType } from "./raw-packets.ts";

const megabyte = 1024 * 1024;
/** The longest that four bytes can say (MQTT 3.1.1, 2.2.3): 256 MB. */
const lengthMax = 268_435_455;
/** What each connection sends of it, unless it is cut before. */
const sentMax = 60 * megabyte;

const bothPhases = ["before CONNECT", "after CONNECT"] as const;
const bothTransports = ["tcp", "websocket"] as const;

/** The first byte that is right in this phase. */
function beginning(scene: Scene, length: number): Buffer {
  return scene.phase === "before CONNECT"
    ? fixedHeader(packetType.connect, 0, length)
    : fixedHeader(packetType.publish, 0, length);
}

function* repeated(piece: Uint8Array, bytes: number): Generator<Uint8Array> {
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
}

/** Eight of them; whoever is cut comes again. */
async function sendWithoutEnd(scene: Scene, pieceBytes: number): Promise<void> {
  const piece = Buffer.alloc(pieceBytes, "x");
  await scene.crowd(8, async () => {
    const connection = await scene.join();
    connection.write(beginning(scene, lengthMax));
    await scene.pour(connection, repeated(piece, sentMax));
    await Promise.race([connection.closed, scene.end()]);
  });
}

/** Holds a connection open with a beginning, and comes again when it is cut. */
async function holdBeginnings(scene: Scene, count: number, length: number, sent: number): Promise<void> {
  const rest = Buffer.alloc(sent, "x");
  await scene.crowd(count, async () => {
    const connection = await scene.join();
    connection.write(beginning(scene, length));
    connection.write(rest);
    await Promise.race([connection.closed, scene.end()]);
  });
}

/** Below MQTT: one message of a WebSocket that never ends, as one frame or in small fragments. */
async function holdFrames(scene: Scene, write: (connection: RawConnection) => void): Promise<void> {
  await scene.crowd(400, async () => {
    const connection = await scene.join();
    write(connection);
    await Promise.race([connection.closed, scene.end()]);
  });
}

const binaryBeginning = 0x02;
const wholeBinary = 0x82;
const continuation = 0x00;

export const attacksWithPieces: readonly Attack[] = [
  {
    name: "8 connections that send an unfinished packet of 256 MB",
    phases: bothPhases,
    on: bothTransports,
    reasons: ["packet-too-large"],
    run: (scene) => sendWithoutEnd(scene, megabyte),
  },
  {
    name: "8 connections that send an unfinished packet of 256 MB in small frames",
    phases: bothPhases,
    on: bothTransports,
    reasons: ["packet-too-large"],
    run: (scene) => sendWithoutEnd(scene, 200),
  },
  {
    name: "200 connections that hold back the end of a packet of 200 KB",
    phases: ["after CONNECT"],
    on: bothTransports,
    reasons: ["unfinished-packets"],
    run: (scene) => holdBeginnings(scene, 200, 200_000, 199_000),
  },
  {
    name: "600 connections that hold back the end of a CONNECT of 1,000 bytes",
    phases: ["before CONNECT"],
    on: bothTransports,
    reasons: ["too-many-connections", "too-many-from-address", "no-connect", "unfinished-packets"],
    run: (scene) => holdBeginnings(scene, 600, 1000, 900),
  },
  {
    name: "200 connections that write a byte a second",
    phases: ["before CONNECT"],
    on: bothTransports,
    reasons: ["no-connect", "too-many-connections"],
    // The first of them are cut when CONNECT is due.
    secondsMin: 7,
    run: (scene) => writeSlowly(scene, 200),
  },
  {
    name: "400 connections that hold back the end of a WebSocket message of 250 KB",
    phases: bothPhases,
    on: ["websocket"],
    reasons: ["packet-too-large", "unfinished-packets", "too-many-connections", "no-connect"],
    run: (scene) =>
      holdFrames(scene, (connection) => {
        connection.writeBare(frameHeader(wholeBinary, 250_000));
        connection.writeBare(Buffer.alloc(249_000, "x"));
      }),
  },
  {
    name: "400 connections that send a WebSocket message in fragments without end",
    phases: bothPhases,
    on: ["websocket"],
    reasons: ["packet-too-large", "unfinished-packets", "too-many-connections", "no-connect", "protocol"],
    run: (scene) =>
      holdFrames(scene, (connection) => {
        const fragment = Buffer.alloc(1000, "x");
        connection.writeBare(Buffer.concat([frameHeader(binaryBeginning, 1000), fragment]));
        const more = Buffer.concat([frameHeader(continuation, 1000), fragment]);
        for (let sent = 1; sent < 250; sent += 1) connection.writeBare(more);
      }),
  },
];

/** Attacks whose end is a matter of half a minute. */
export const slowAttacksWithPieces: readonly Attack[] = [
  {
    name: "200 connections that write a byte of a packet a second",
    phases: ["after CONNECT"],
    on: bothTransports,
    reasons: ["unfinished-packets"],
    secondsMin: 30,
    run: (scene) => writeSlowly(scene, 200),
  },
];

async function writeSlowly(scene: Scene, count: number): Promise<void> {
  await scene.crowd(count, async () => {
    const connection = await scene.join();
    connection.write(beginning(scene, 1000));
    while (connection.isOpen && !scene.isOver) {
      connection.write(Buffer.from("x"));
      await after(1000);
    }
  });
}
