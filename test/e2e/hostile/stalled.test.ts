// A subscriber that takes nothing, or takes and never confirms, is its own trouble: everybody else keeps their rate,
// the hub does not grow, and the one is cut and named.

import { setTimeout as after } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Scene } from "./attack.ts";
import { buildGenerator, optionsOf } from "../../bench/broker/generator.ts";
import { requires } from "../requires.ts";
import { BesiegedHub } from "./besieged-hub.ts";
import { bystanderTopic } from "./bystander-topic.ts";
import { isLong } from "./length.ts";
import type { RawConnection, Transport } from "./raw-connection.ts";
import { publishPacket, subscribePacket } from "./raw-packets.ts";

const growthBytesMax = 50e6;
const shareMin = 0.95;
const pauseMax = 1000;
/** With the one that stalls they are twenty: 10,000 deliveries a second, of which each fills 3 MB of kernel in 6 s. */
const nineteen = { subscribers: 19, qos: 0, perSecond: 500, payloadBytes: 1024 } as const;

let besieged: BesiegedHub;

afterEach(() => besieged[Symbol.asyncDispose]());

describe("one of twenty at 10,000 deliveries a second, driven by a generator in C", () => {
  beforeEach(async () => {
    besieged = await BesiegedHub.open();
  });

  requires("gcc")(
    "that takes nothing is cut and named within 30 s, and nineteen keep their rate",
    { timeout: 90_000 },
    async () => {
      await using generator = await buildGenerator();
      const { mqtt, pid } = besieged.program;
      const port = Number(new URL(mqtt).port);
      const load = {
        subscribers: 20,
        stalled: 1,
        rate: 10_000,
        payload: 1024,
        seconds: isLong ? 30 : 18,
        prefix: "crowd",
      };

      const figures = await generator.run(
        ["stall", ...optionsOf({ port, pid, ...load })],
        AbortSignal.timeout(80_000),
      );
      const siege = await besieged.look();

      besieged.expectSound();
      const told = JSON.stringify({ ...figures, ...siege });
      if (isLong) console.log(told);
      const wanted = (figures["wanted_per_second"] ?? Number.NaN) * load.seconds;
      expect.soft((figures["least_received"] ?? 0) / wanted, told).toBeGreaterThanOrEqual(shareMin);
      expect.soft(siege.bystanderShare, told).toBeGreaterThanOrEqual(shareMin);
      expect.soft(siege.pauseMax, told).toBeLessThan(pauseMax);
      expect.soft(siege.growth, told).toBeLessThan(growthBytesMax);
      expect.soft(Object.keys(siege.refusals), told).toHaveLength(1);
      expect.soft(["stalled", "behind"]).toContain(Object.keys(siege.refusals)[0]);
      expect.soft(besieged.log).toMatch(/crowd-\S+/);
    },
  );
});

describe("among twenty at 10,000 deliveries a second", () => {
  beforeEach(async () => {
    besieged = await BesiegedHub.open(nineteen);
  });

  const ways: readonly (readonly [string, Transport, 0 | 1, number, (one: RawConnection) => void])[] = [
    ["takes nothing", "websocket", 0, isLong ? 30 : 15, (one) => one.stall()],
    ["takes nothing at QoS 1", "tcp", 1, isLong ? 30 : 15, (one) => one.stall()],
    ["takes everything and confirms nothing", "tcp", 1, isLong ? 30 : 18, () => undefined],
    ["takes everything and confirms nothing", "websocket", 1, isLong ? 30 : 18, () => undefined],
  ];
  // `npm test` has the time for one of them.
  test.each(isLong ? ways : ways.slice(0, 1))(
    "a subscriber that %s, by %s at QoS %i, is cut and named within %i s, and nobody else notices",
    { timeout: 90_000 },
    async (_what, transport, qos, seconds, misbehave) => {
      using scene = new Scene(besieged.program, transport, "after CONNECT", seconds);
      const one = await scene.join({ id: "the-stalled-one" });
      one.write(subscribePacket(1, [bystanderTopic], qos));
      await after(200);
      misbehave(one);
      await scene.end();
      const siege = await besieged.look();

      besieged.expectSound();
      const figures = JSON.stringify(siege);
      if (isLong) console.log(figures);
      expect.soft(siege.bystanderShare, figures).toBeGreaterThanOrEqual(shareMin);
      expect.soft(siege.pauseMax, figures).toBeLessThan(pauseMax);
      expect.soft(siege.growth, figures).toBeLessThan(growthBytesMax);
      expect.soft(Object.keys(siege.refusals)).toHaveLength(1);
      expect.soft(["stalled", "behind", "unacknowledged"]).toContain(Object.keys(siege.refusals)[0]);
      expect.soft(besieged.log).toContain("the-stalled-one");
    },
  );
});

describe("beside a backlog of 40,000 messages", () => {
  beforeEach(async () => {
    besieged = await BesiegedHub.open();
  });

  test.each([0, 1] as const)(
    "at QoS %i, the one it waits for goes away, and everybody else goes on",
    { timeout: 60_000 },
    async (qos) => {
      using scene = new Scene(besieged.program, "tcp", "after CONNECT", 6);
      const one = await scene.join({ id: "the-stalled-one" });
      one.write(subscribePacket(1, ["backlog"], qos));
      await after(200);
      one.stall();
      const publisher = await scene.join();
      const message = publishPacket("backlog", Buffer.alloc(200, "x"), { qos });
      // The kernel takes the first 5 MB; what follows waits in the hub.
      const many = Buffer.concat(Array.from({ length: 100 }, () => message));
      await scene.pour(
        publisher,
        Array.from({ length: 700 }, () => many),
      );
      await after(300);
      one.reset();
      await scene.end();
      const siege = await besieged.look();

      besieged.expectSound();
      const figures = JSON.stringify(siege);
      expect.soft(siege.bystanderShare, figures).toBeGreaterThanOrEqual(0.9);
      expect.soft(siege.growth, figures).toBeLessThan(growthBytesMax);
      await expect(scene.joinFully({ id: "a-newcomer" })).resolves.toMatchObject({ isOpen: true });
    },
  );
});
