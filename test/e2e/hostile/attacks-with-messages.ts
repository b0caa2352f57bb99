// Attacks with packets that are right, each by itself, and too many: messages, subscriptions, handshakes left open.

import type { Attack, Scene } from "./attack.ts";
import {
  connectPacket,
  disconnectPacket,
  pingPacket,
  publishPacket,
  subscribePacket,
} from "./raw-packets.ts";

const afterConnect = ["after CONNECT"] as const;
const bothTransports = ["tcp", "websocket"] as const;
const kilobyte = Buffer.alloc(1024, "x");
/** Packets go many to a write, as floods arrive; a WebSocket's frame of twice this would be refused as such. */
const packetsPerWrite = 50;
const bytesPerWrite = 200_000;

/** Packets made one by one and joined to pieces, for `pour`. */
function* inPieces(count: number, each: (index: number) => Buffer): Generator<Buffer> {
  let piece: Buffer[] = [];
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const packet = each(index);
    piece.push(packet);
    bytes += packet.length;
    if (piece.length < packetsPerWrite && bytes < bytesPerWrite) continue;
    yield Buffer.concat(piece);
    piece = [];
    bytes = 0;
  }
  if (piece.length > 0) yield Buffer.concat(piece);
}

/** One connection pours; when it is cut, another one goes on. */
async function flood(scene: Scene, count: number, each: (index: number) => Buffer, crowd = 1): Promise<void> {
  await scene.crowd(crowd, async () => {
    const connection = await scene.joinFully();
    await scene.pour(connection, inPieces(count, each));
    if (connection.isOpen && !scene.isOver) await scene.end();
  });
}

const id = (index: number): number => (index % 65_535) + 1;
const deep = (levels: number): string => Array.from({ length: levels }, (_, index) => index % 10).join("/");

async function neverConfirm(scene: Scene, count: number): Promise<void> {
  for (let client = 0; client < count; client += 1) {
    const connection = await scene.joinFully();
    connection.write(subscribePacket(1, ["unconfirmed"], 1));
  }
  await flood(scene, 1_000_000, (index) => publishPacket("unconfirmed", kilobyte, { qos: 1, id: id(index) }));
}

async function takeNothing(scene: Scene): Promise<void> {
  const one = await scene.joinFully();
  one.write(subscribePacket(1, ["small"], 0));
  one.stall();
  const small = publishPacket("small", Buffer.alloc(200), {});
  const large = publishPacket("large", Buffer.alloc(10_000), {});
  await flood(scene, 1_000_000, (index) => (index % 20 === 0 ? large : small), 4);
}

function filtersFrom(first: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `flood/${first + index}/+/x`);
}

export const attacksWithMessages: readonly Attack[] = [
  {
    name: "sixty clients that take everything and confirm nothing",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["behind", "unacknowledged"],
    run: (scene) => neverConfirm(scene, 60),
  },
  {
    name: "one that takes nothing of small messages among large ones",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["stalled", "behind"],
    secondsMin: 7,
    run: takeNothing,
  },
  {
    name: "200,000 retained messages of 1 KB",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["retained-quota"],
    run: (scene) =>
      flood(scene, 200_000, (index) => publishPacket(`kept/${index}`, kilobyte, { isRetained: true })),
  },
  {
    name: "200,000 retained messages of 1 KB at QoS 1",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["retained-quota"],
    run: (scene) =>
      flood(scene, 200_000, (index) =>
        publishPacket(`kept/${index}`, kilobyte, { isRetained: true, qos: 1, id: id(index) }),
      ),
  },
  {
    name: "subscriptions without end, one a packet",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["too-many-subscriptions"],
    run: (scene) => flood(scene, 500_000, (index) => subscribePacket(id(index), filtersFrom(index, 1))),
  },
  {
    name: "subscriptions without end, a thousand a packet",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["too-many-subscriptions"],
    run: (scene) => flood(scene, 500, (index) => subscribePacket(id(index), filtersFrom(index * 1000, 1000))),
  },
  {
    name: "subscriptions of a hundred clients, 1,900 each",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["too-many-subscriptions"],
    run: subscribeTogether,
  },
  {
    name: "filters of 400 levels",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["topic-too-deep"],
    run: (scene) =>
      flood(scene, 100_000, (index) => subscribePacket(id(index), [`${index}/${deep(400)}`]), 4),
  },
  {
    name: "topics of 30,000 levels",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["topic-too-deep", "topic-too-long"],
    run: (scene) => flood(scene, 5000, () => publishPacket("/".repeat(30_000), Buffer.alloc(1)), 4),
  },
  {
    name: "filters of 60,000 bytes",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["topic-too-long"],
    run: (scene) =>
      flood(scene, 5000, (index) => subscribePacket(id(index), [`${index}${"x".repeat(60_000)}`]), 4),
  },
  {
    name: "QoS 2 messages without their release",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["qos2-quota"],
    run: (scene) =>
      flood(scene, 500_000, (index) => publishPacket("qos2/flood", kilobyte, { qos: 2, id: id(index) }), 4),
  },
  {
    name: "100,000 different topics",
    phases: afterConnect,
    on: ["tcp"],
    reasons: [],
    run: (scene) =>
      flood(scene, 100_000, (index) => publishPacket(`a/${index}/b/${index % 97}`, Buffer.alloc(10))),
  },
  {
    name: "pings whose answers are not taken",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["stalled", "behind", "rate"],
    outcomes: ["cut", "slowed"],
    run: (scene) => floodWithoutReading(scene, () => pingPacket()),
  },
  {
    name: "subscriptions whose answers are not taken",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["stalled", "behind", "rate"],
    outcomes: ["cut", "slowed"],
    run: (scene) => floodWithoutReading(scene, (index) => subscribePacket(id(index), ["one/filter"])),
  },
  {
    name: "one message that asks for many: 10 MB retained, and SUBSCRIBE after SUBSCRIBE",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["stalled", "behind", "rate"],
    outcomes: ["cut", "slowed"],
    run: askForAllRetained,
  },
  {
    name: "a session whose backlog has no end",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["session-quota"],
    outcomes: ["evicted"],
    run: fillSession,
  },
  {
    name: "messages as fast as one connection goes",
    phases: afterConnect,
    on: bothTransports,
    reasons: ["rate"],
    outcomes: ["slowed"],
    run: (scene) => flood(scene, 10_000_000, () => publishPacket("flood/to/nobody", Buffer.alloc(10))),
  },
  {
    name: "CONNECT after CONNECT",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["protocol"],
    run: (scene) => flood(scene, 1000, () => connectPacket("again"), 4),
  },
];

async function subscribeTogether(scene: Scene): Promise<void> {
  await scene.crowd(100, async (index) => {
    const connection = await scene.joinFully();
    for (let packet = 0; packet < 19; packet += 1) {
      connection.write(subscribePacket(packet + 1, filtersFrom((index * 19 + packet) * 100, 100)));
    }
    await Promise.race([connection.closed, scene.end()]);
  });
}

async function floodWithoutReading(scene: Scene, each: (index: number) => Buffer): Promise<void> {
  await scene.crowd(4, async () => {
    const connection = await scene.joinFully();
    connection.stall();
    await scene.pour(connection, inPieces(10_000_000, each));
    // A connection that is not read hears of its end only by writing.
    if (connection.isOpen && !scene.isOver) await scene.end();
  });
}

/** An answer of 9 MB for a question of 20 bytes. */
async function askForAllRetained(scene: Scene): Promise<void> {
  const setter = await scene.joinFully();
  await scene.pour(
    setter,
    inPieces(9000, (index) => publishPacket(`kept/${index}`, kilobyte, { isRetained: true })),
  );
  await floodWithoutReading(scene, (index) => subscribePacket(id(index), ["kept/#"]));
}

async function fillSession(scene: Scene): Promise<void> {
  const sleeper = await scene.joinFully({ id: "sleeper", clean: false });
  sleeper.write(subscribePacket(1, ["backlog/#"], 1));
  sleeper.write(disconnectPacket());
  await sleeper.closed;
  await flood(scene, 500_000, (index) => publishPacket("backlog/x", kilobyte, { qos: 1, id: id(index) }), 2);
}
