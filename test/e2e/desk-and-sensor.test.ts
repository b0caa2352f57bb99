// A sensor above a lighting desk: while somebody is there a route has the light, also below what the desk says, and when
// they leave the desk has it again. A real olad is the desk at one end and the light at the other; one lamp's route runs on
// the node, the other's on the hub.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { BystanderQuestion } from "./bystander.ts";
import { requiresOlad, sacnFromOlad, sacnUniverse, senderAddress, startOlad } from "./olad.ts";
import { eventually, type HttpAnswer, startAgent, startHub } from "./programs.ts";
import { Remote } from "./remote.ts";
import { untilRunning } from "./room.ts";

const test = requiresOlad();

const routes = `routes:
  - { name: near, from: a/pir/motion, to: a/stage/wash, map: "value ? 0.4 : null" }
  - { name: far, from: b/pir/motion, to: a/stage/spot, map: "value ? 0.4 : null" }
`;
const lamps = { wash: 10, spot: 11 } as const;
const deskLevel = 200;
const visitorLevel = Math.round(0.4 * 255);

/** A visitor stays and is away for half a minute at most, on a computer that has much else to do. */
const patience = 60_000;

/** Somebody comes within two seconds, and stands still before they leave. */
const pir = { module: "simulated", settings: { seed: 7, motionHold: 0, pressesPerMinute: 0 } };

test("a sensor takes light from a desk, and gives it back", async () => {
  await using olad = await startOlad();
  const prefix = olad.inSender([]);
  const bystanderFile = join(import.meta.dirname, "bystander.ts");
  await using bystander = new Remote(olad.inSender([process.execPath, bystanderFile]));
  const fetch = async (url: string): Promise<HttpAnswer> =>
    (await bystander.ask({ kind: "get", url } satisfies BystanderQuestion)) as HttpAnswer;
  await using hub = await startHub({ routes, prefix, fetch });
  const network = { interface: senderAddress };
  const stage = {
    module: "dmx",
    settings: {
      universe: sacnUniverse,
      sacn: network,
      receive: { sacn: { ...network, universe: sacnFromOlad }, merge: true },
      dimmers: { wash: { channel: lamps.wash }, spot: { channel: lamps.spot } },
      priorities: { dimmers: 150 },
      failsafe: { hold: "forever" },
    },
  };
  await using _a = await startAgent({ node: "a", hub: hub.mqtt, instances: { stage, pir }, prefix });
  await using _b = await startAgent({ node: "b", hub: hub.mqtt, instances: { pir }, prefix });
  await untilRunning(hub, "a");
  await untilRunning(hub, "b");
  await using _desk = deskOf((blink) =>
    olad.setDmx(sacnFromOlad, [...Array<number>(9).fill(blink), deskLevel, deskLevel]),
  );
  const untilLevel = (lamp: number, level: number) =>
    eventually(
      `channel ${lamp} at ${level}`,
      async () => (await olad.getDmx(sacnUniverse))[lamp - 1] === level,
      patience,
    );
  const ownerOf = async (input: string) => (await hub.node("a"))?.owners[input];

  await Promise.all(
    Object.entries(lamps).map(async ([lamp, channel]) => {
      await untilLevel(channel, visitorLevel);
      await untilLevel(channel, deskLevel);
      await eventually(
        `nobody owns ${lamp}`,
        async () => (await ownerOf(`stage/${lamp}`)) === undefined,
        patience,
      );
      await untilLevel(channel, visitorLevel);
    }),
  );
  const routesRun = (await hub.node("a"))?.routes;

  expect(routesRun).toMatchObject({ near: { failed: 0 } });
}, 180_000);

/** Keeps saying it, with a change each time: OLA speaks only of changes, and a desk that is silent is lost. */
function deskOf(say: (blink: number) => Promise<void>): AsyncDisposable {
  const over = new AbortController();
  const speaking = (async () => {
    for (let blink = 0; !over.signal.aborted; blink = 1 - blink) {
      await say(blink);
      await sleep(500);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await speaking;
    },
  };
}
