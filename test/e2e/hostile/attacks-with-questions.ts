// Attacks with few packets that ask for much: filters that many topics match, topics that many filters match.

import type { Attack, Scene } from "./attack.ts";
import { disconnectPacket, publishPacket, subscribePacket } from "./raw-packets.ts";

const afterConnect = ["after CONNECT"] as const;
const nothing = Buffer.alloc(1);

export const attacksWithQuestions: readonly Attack[] = [
  {
    name: "10,000 retained messages, and one SUBSCRIBE with 40,000 filters that find none",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["rate"],
    run: (scene) =>
      askInVain(
        scene,
        Array.from({ length: 40_000 }, () => "+/x"),
      ),
  },
  {
    name: "10,000 retained messages, and one SUBSCRIBE with 900 different filters that find none",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["rate"],
    run: (scene) =>
      askInVain(
        scene,
        Array.from({ length: 900 }, (_, index) => `+/${index}`),
      ),
  },
  {
    name: "10,000 retained messages, asked for by 200 clients that do not read",
    phases: afterConnect,
    on: ["tcp"],
    reasons: [],
    run: askWithoutReading,
  },
  {
    name: "8192 filters of a name or a wildcard at 13 levels, and topics that match them all",
    phases: afterConnect,
    on: ["tcp"],
    reasons: ["rate"],
    run: matchMany,
  },
  {
    name: "a thousand sessions whose clients are away, and topics that match all of them",
    phases: afterConnect,
    on: ["tcp"],
    reasons: [],
    run: matchAbsent,
  },
];

/** Two clients set what may be set. */
async function retain(scene: Scene): Promise<void> {
  for (const owner of ["one", "two"]) {
    const setter = await scene.joinFully();
    await scene.pour(
      setter,
      Array.from({ length: 50 }, (_, piece) =>
        Buffer.concat(
          Array.from({ length: 98 }, (_, index) =>
            publishPacket(`${owner}-${piece}-${index}/a`, nothing, { isRetained: true }),
          ),
        ),
      ),
    );
  }
}

async function askInVain(scene: Scene, filters: readonly string[]): Promise<void> {
  await retain(scene);
  const packet = subscribePacket(1, filters);
  await scene.crowd(4, async () => {
    const connection = await scene.joinFully();
    while (connection.isOpen && !scene.isOver)
      await scene.pour(
        connection,
        Array.from({ length: 64 }, () => packet),
      );
  });
}

async function askWithoutReading(scene: Scene): Promise<void> {
  await retain(scene);
  await scene.crowd(200, async () => {
    const connection = await scene.joinFully();
    connection.stall();
    connection.write(subscribePacket(1, ["+/a"]));
    await Promise.race([connection.closed, scene.end()]);
  });
}

/** Filters that differ in nothing but where the wildcards stand. */
async function matchMany(scene: Scene): Promise<void> {
  const levels = 13;
  const name = "n".repeat(20);
  const filters = Array.from({ length: 2 ** levels }, (_, each) =>
    Array.from({ length: levels }, (_, at) => ((each >> at) & 1 ? "+" : name)).join("/"),
  );
  for (let from = 0; from < filters.length; from += 912) {
    const connection = await scene.joinFully();
    for (let at = from; at < Math.min(from + 912, filters.length); at += 48)
      connection.write(subscribePacket(1, filters.slice(at, Math.min(at + 48, from + 912))));
  }
  const topic = Array.from({ length: levels }, () => name).join("/");
  await scene.crowd(8, async (index) => {
    const connection = await scene.joinFully();
    // Half of them publish one topic, the others a new one each time.
    const topicOf = (count: number) => (index % 2 === 0 ? topic : `${topic.slice(0, -20)}${count}`);
    for (let count = 0; connection.isOpen && !scene.isOver; count += 200) {
      const packets = Array.from({ length: 200 }, (_, at) => publishPacket(topicOf(count + at), nothing));
      await scene.pour(connection, [Buffer.concat(packets)]);
    }
  });
}

async function matchAbsent(scene: Scene): Promise<void> {
  for (let index = 0; index < 1000 && !scene.isOver; index += 1) {
    const connection = await scene.joinFully({ id: `absent-${index}`, clean: false });
    connection.write(Buffer.concat([subscribePacket(1, ["far/#"]), disconnectPacket()]));
    await connection.closed;
  }
  await scene.crowd(2, async () => {
    const connection = await scene.joinFully();
    for (let piece = 0; connection.isOpen && !scene.isOver; piece = (piece + 1) % 200) {
      const packets = Array.from({ length: 50 }, (_, at) => publishPacket(`far/${piece * 50 + at}`, nothing));
      await scene.pour(connection, [Buffer.concat(packets)]);
    }
  });
}
