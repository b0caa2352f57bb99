// A real olad as the desk at one end and as the light at the other: a fader of its sACN is an output of one instance, a
// route takes it to another, and OLA shows what comes of it. In between are agent and hub as they are shipped.

import { join } from "node:path";
import { expect } from "vitest";
import type { BystanderQuestion } from "./bystander.ts";
import { requiresOlad, sacnFromOlad, sacnUniverse, senderAddress, startOlad } from "./olad.ts";
import { eventually, type HttpAnswer, startAgent, startHub } from "./programs.ts";
import { Remote } from "./remote.ts";
import { untilRunning } from "./room.ts";

const test = requiresOlad();

const routes = `routes:
  - { name: follow, from: a/desk/fader, to: a/stage/wash, map: value / 2 }
`;

test("a fader of a desk drives light over a route", async () => {
  await using olad = await startOlad();
  const prefix = olad.inSender([]);
  const bystanderFile = join(import.meta.dirname, "bystander.ts");
  await using bystander = new Remote(olad.inSender([process.execPath, bystanderFile]));
  const fetch = async (url: string): Promise<HttpAnswer> =>
    (await bystander.ask({ kind: "get", url } satisfies BystanderQuestion)) as HttpAnswer;
  await using hub = await startHub({ routes, prefix, fetch });
  const network = { interface: senderAddress };
  const instances = {
    desk: {
      module: "dmx",
      settings: { universe: sacnFromOlad, receive: { sacn: network, channels: { fader: { channel: 3 } } } },
    },
    stage: {
      module: "dmx",
      settings: { universe: sacnUniverse, sacn: network, dimmers: { wash: { channel: 10 } } },
    },
  };
  await using _agent = await startAgent({ node: "a", hub: hub.mqtt, instances, prefix });
  await untilRunning(hub, "a");

  const shown: number[] = [];
  for (const level of [255, 100, 0]) {
    await olad.setDmx(sacnFromOlad, [9, 9, level]);
    const expected = Math.round(level / 2);
    shown.push(
      await eventually(`channel 10 at ${expected}`, async () => {
        const found = (await olad.getDmx(sacnUniverse))[9];
        return found === expected && `${found}`;
      }).then(Number),
    );
  }

  expect(shown).toEqual([128, 50, 0]);
});
