// Real in, real out: what a device writes into a serial line is what a real olad shows, over both protocols.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { artnetUniverse, oladAddress, requiresOlad, sacnUniverse, senderAddress, startOlad } from "./olad.ts";
import { type HttpAnswer, eventually, startAgent, startHub } from "./programs.ts";
import { Remote } from "./remote.ts";
import { requires } from "./requires.ts";
import { openRoom, say, serialInstance, untilFlowing, untilRunning } from "./room.ts";
import { openTtyPair } from "./tty-pair.ts";
import type { BystanderQuestion } from "./bystander.ts";

const routes = `routes:
  - { name: double, from: a/desk/level, to: a/one/ch1, map: value * 2 }
  - { name: wash, from: a/desk/level, to: a/one/wash, map: "scale(value, 0, 100, 0, 1)" }
  - { name: half, from: a/desk/level, to: a/two/ch512, map: round(value / 2), when: value < 100 }
`;

const testWithOlad = requiresOlad();
const testWithSocat = requires("socat");

describe("from a serial line to a real olad", () => {
  testWithOlad("lines go over routes to both universes, over sACN and over Art-Net", async () => {
    await using olad = await startOlad();
    await using desk = await openTtyPair();
    const prefix = olad.inSender([]);
    const bystanderFile = join(import.meta.dirname, "bystander.ts");
    await using bystander = new Remote(olad.inSender([process.execPath, bystanderFile]));
    const fetch = async (url: string): Promise<HttpAnswer> =>
      (await bystander.ask({ kind: "get", url } satisfies BystanderQuestion)) as HttpAnswer;
    await using hub = await startHub({ routes, prefix, fetch });
    const instances = {
      desk: serialInstance(desk.path),
      one: {
        module: "dmx",
        settings: {
          universe: sacnUniverse,
          sacn: { interface: senderAddress },
          dimmers: { wash: { channel: 2 } },
        },
      },
      two: {
        module: "dmx",
        settings: { universe: artnetUniverse, artnet: { to: [oladAddress], portAddress: artnetUniverse } },
      },
    };
    await using _agent = await startAgent({ node: "a", hub: hub.mqtt, instances, prefix });
    await untilRunning(hub, "a");

    say(desk, 100);
    const one = await untilShown(sacnUniverse, 200);
    say(desk, 60);
    const two = await untilShown(artnetUniverse, 30);

    expect(one).toEqual([200, 255, ...Array<number>(510).fill(0)]);
    expect(two).toEqual([...Array<number>(511).fill(0), 30]);
    expect(await untilShown(sacnUniverse, 120)).toEqual([120, 153, ...Array<number>(510).fill(0)]);

    /** Waits until OLA shows `level` on some channel of the universe, and gives all 512. */
    async function untilShown(universe: number, level: number): Promise<readonly number[]> {
      return eventually(`universe ${universe} with a channel at ${level}`, async () => {
        const shown = await olad.getDmx(universe);
        return shown.includes(level) && shown;
      });
    }
  });
});

describe("from a serial line to a packet", () => {
  /** The goal is 5 ms; a busy machine may be five times slower. */
  const p99Max = 25;
  const changes = 30;

  testWithSocat(`a change is on the wire within ${p99Max} ms (p99)`, async () => {
    await using room = await openRoom();
    await untilFlowing(room, 255);
    // A new universe repeats its first look for half a second, and a change may wait behind a repeat.
    await sleep(1000);

    const spans: number[] = [];
    for (let level = 1; level <= changes; level++) {
      const startedAt = performance.now();
      say(room.desk, level);
      const arrived = () =>
        room.light.frames.find(({ at, levels }) => at >= startedAt && levels[0] === level);
      const frame = await eventually(`channel 1 at ${level}`, arrived, 2000);
      spans.push(frame.at - startedAt);
      await sleep(startedAt + 100 - performance.now());
    }

    spans.sort((left, right) => left - right);
    const quantile = (share: number) =>
      spans[Math.min(Math.floor(changes * share), changes - 1)] ?? Number.NaN;
    process.stdout.write(
      `line → packet: p50 ${quantile(0.5).toFixed(1)} ms, p99 ${quantile(0.99).toFixed(1)} ms\n`,
    );
    expect(quantile(0.99)).toBeLessThan(p99Max);
  });
});
