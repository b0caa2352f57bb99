// What a real olad makes of what the dmx module sends.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import type { DriverQuestion } from "./dmx-driver.ts";
import {
  artnetUniverse,
  type Olad,
  oladAddress,
  requiresOlad,
  sacnUniverse,
  senderAddress,
  startOlad,
} from "./olad.ts";
import { Remote } from "./remote.ts";

const test = requiresOlad();

/** E1.31: a source that falls silent without a word is missed after this long. */
const networkDataLoss = 2500;

const open = new AsyncDisposableStack();
let olad: Olad;
let driver: Remote;
const drive = (question: DriverQuestion): Promise<unknown> => driver.ask(question);

beforeAll(async () => {
  olad = open.use(await startOlad());
  const file = join(import.meta.dirname, "dmx-driver.ts");
  driver = open.use(new Remote(olad.inSender([process.execPath, file])));
});

afterAll(() => open.disposeAsync());

/** Waits until OLA shows `levels` on the first slots; returns how long that took, in ms. */
async function untilShown(universe: number, levels: readonly number[]): Promise<number> {
  const startedAt = performance.now();
  let shown: readonly number[] = [];
  while (performance.now() - startedAt < 10_000) {
    shown = (await olad.getDmx(universe)).slice(0, levels.length);
    if (shown.join() === levels.join()) return performance.now() - startedAt;
    await sleep(5);
  }
  throw new Error(`universe ${universe} shows ${shown.join()}, not ${levels.join()}`);
}

test("multicast sACN arrives in one universe and Art-Net in the other, all 512 channels", async () => {
  await drive({
    kind: "start",
    name: "both",
    settings: {
      universe: sacnUniverse,
      sacn: { interface: senderAddress },
      artnet: { to: [oladAddress], portAddress: artnetUniverse },
      dimmers: { wash: { channel: 2 } },
    },
  });

  await drive({ kind: "apply", name: "both", input: "ch1", value: 201 });
  await drive({ kind: "apply", name: "both", input: "wash", value: 0.5 });
  await drive({ kind: "apply", name: "both", input: "ch512", value: 77 });
  await untilShown(sacnUniverse, [201, 128, 0]);
  await untilShown(artnetUniverse, [201, 128, 0]);

  const expected = [201, 128, ...Array<number>(509).fill(0), 77];
  expect(await olad.getDmx(sacnUniverse)).toEqual(expected);
  expect(await olad.getDmx(artnetUniverse)).toEqual(expected);
  await drive({ kind: "stop", name: "both" });
});

test("a source that stops is gone at once: the one beneath it takes over long before a time-out", async () => {
  const source = (name: string, priority: number): DriverQuestion => ({
    kind: "start",
    name,
    settings: { universe: sacnUniverse, sacn: { interface: senderAddress, priority, sourceName: name } },
  });
  await drive(source("below", 100));
  await drive({ kind: "apply", name: "below", input: "ch1", value: 11 });
  await untilShown(sacnUniverse, [11]);
  await drive(source("above", 150));
  await drive({ kind: "apply", name: "above", input: "ch1", value: 22 });
  await untilShown(sacnUniverse, [22]);

  await drive({ kind: "stop", name: "above" });
  const takenOverAfter = await untilShown(sacnUniverse, [11]);

  expect(takenOverAfter).toBeLessThan(networkDataLoss / 2);
  const packets = (await olad.packets()).filter(({ sourceName }) => sourceName === "above");
  expect(packets.map(({ isTerminated }) => isTerminated).slice(-4)).toEqual([false, true, true, true]);
  expect(packets.filter(({ isTerminated }) => isTerminated)).toHaveLength(3);
  expect(packets.map(({ sequence }) => sequence)).toEqual(packets.map((_, index) => index % 256));
  await drive({ kind: "stop", name: "below" });
});

test("a static look is kept alive: OLA does not lose the source", async () => {
  await drive({
    kind: "start",
    name: "static",
    settings: { universe: sacnUniverse, sacn: { interface: senderAddress, priority: 150 } },
  });
  await drive({
    kind: "start",
    name: "beneath",
    settings: { universe: sacnUniverse, sacn: { interface: senderAddress, priority: 100 } },
  });
  await drive({ kind: "apply", name: "beneath", input: "ch1", value: 33 });
  await drive({ kind: "apply", name: "static", input: "ch1", value: 44 });
  await untilShown(sacnUniverse, [44]);

  const shown = new Set<number | undefined>();
  let turn = 0;
  for (const end = performance.now() + 2 * networkDataLoss; performance.now() < end; await sleep(50)) {
    // The one beneath is busy, so that it is there to take over whenever the static one is lost.
    await drive({ kind: "apply", name: "beneath", input: "ch2", value: (turn += 1) });
    shown.add((await olad.getDmx(sacnUniverse))[0]);
  }

  expect([...shown]).toEqual([44]);
  await drive({ kind: "stop", name: "static" });
  await drive({ kind: "stop", name: "beneath" });
});

test("an agent killed and started again is believed at once, whatever number its packets begin with", async () => {
  const settings = { universe: sacnUniverse, sacn: { interface: senderAddress } };
  const file = join(import.meta.dirname, "dmx-driver.ts");
  const kill = async (frames: number): Promise<void> => {
    await using victim = new Remote(olad.inSender([process.execPath, file]));
    await victim.ask({ kind: "start", name: "again", settings } satisfies DriverQuestion);
    for (let level = 1; level <= frames; level += 1) {
      await victim.ask({
        kind: "apply",
        name: "again",
        input: "ch1",
        value: level,
      } satisfies DriverQuestion);
      await sleep(25);
    }
  };
  // The last number is then within the window in which a receiver takes lower ones for late packets.
  await kill(10);

  await using reborn = new Remote(olad.inSender([process.execPath, file]));
  await reborn.ask({ kind: "start", name: "again", settings } satisfies DriverQuestion);
  await reborn.ask({ kind: "apply", name: "again", input: "ch1", value: 200 } satisfies DriverQuestion);
  const shownAfter = await untilShown(sacnUniverse, [200]);

  expect(shownAfter).toBeLessThan(networkDataLoss / 2);
  await reborn.ask({ kind: "stop", name: "again" } satisfies DriverQuestion);
});

test("a source tells the network every 10 s what it sends", async () => {
  const settings = { universe: 4711, sacn: { interface: senderAddress, sourceName: "told" } };
  await drive({ kind: "start", name: "told", settings });

  const told = async () => (await olad.discoveries()).filter(({ sourceName }) => sourceName === "told");
  for (const end = performance.now() + 40_000; performance.now() < end; await sleep(100)) {
    if ((await told()).length >= 2) break;
  }

  const [first, second] = await told();
  expect(first?.universes).toEqual([4711]);
  // It looks once a second whether it is time.
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(9000);
  await drive({ kind: "stop", name: "told" });
});

test("Art-Net that OLA asks for reaches it; under a number that nobody asks for it makes the instance degraded", async () => {
  const sacn = { interface: senderAddress };
  const artnet = { interface: senderAddress, portAddress: artnetUniverse };
  const settings = { universe: sacnUniverse, sacn, artnet };
  const state = (name: string): Promise<unknown> => drive({ kind: "state", name });
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (const end = performance.now() + 20_000; !(await isSo()); await sleep(50))
      if (performance.now() > end) throw new Error(`never ${what}`);
  };
  await drive({ kind: "start", name: "asked", settings });
  await drive({ kind: "apply", name: "asked", input: "ch1", value: 66 });
  await untilShown(artnetUniverse, [66]);

  const reaches = { name: "Art-Net", reaches: "1 node", to: [oladAddress] };
  await until("asked for", async () => {
    const given = JSON.stringify(await drive({ kind: "given", name: "asked", output: "ways" }));
    return given.includes(JSON.stringify(reaches));
  });
  expect(await state("asked")).toBe("running");
  await drive({ kind: "stop", name: "asked" });

  // As who counts from 1 where Art-Net counts from 0.
  const offByOne = { ...settings, artnet: { ...artnet, portAddress: artnetUniverse + 1 } };
  await drive({ kind: "start", name: "unasked", settings: offByOne });
  await drive({ kind: "apply", name: "unasked", input: "ch1", value: 67 });
  await until("degraded", async () => String(await state("unasked")).startsWith("degraded"));
  expect(await state("unasked")).toBe("degraded: Art-Net: no node has asked for it");
  await untilShown(sacnUniverse, [67]);
  await drive({ kind: "stop", name: "unasked" });
});

test("an interface that goes away and comes back is waited for and used again", async () => {
  const address = "10.78.0.1";
  const plug = async (): Promise<void> => {
    for (const command of [
      "ip link add usb0 type veth peer name usb1",
      `ip addr add ${address}/24 dev usb0`,
      "ip link set usb0 up",
      "ip link set usb1 up",
    ]) {
      await olad.runInSender(command.split(" "));
    }
  };
  const untilState = async (state: string): Promise<void> => {
    for (const end = performance.now() + 10_000; performance.now() < end; await sleep(50)) {
      if (String(await drive({ kind: "state", name: "plugged" })).startsWith(state)) return;
    }
    throw new Error(`never ${state}`);
  };
  await drive({
    kind: "start",
    name: "plugged",
    settings: { universe: sacnUniverse, sacn: { interface: address } },
  });

  await untilState("waiting: no output can send (sACN: bind EADDRNOTAVAIL");
  await plug();
  await untilState("running");
  await olad.runInSender(["ip", "link", "del", "usb0"]);
  await untilState("waiting");
  await plug();
  await untilState("running");

  await drive({ kind: "stop", name: "plugged" });
  await olad.runInSender(["ip", "link", "del", "usb0"]);
});
