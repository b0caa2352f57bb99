// A real olad as the lighting desk, and other sources beside it: what they send is what routes get, by the rules of
// E1.31 and Art-Net 4.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import type { DriverQuestion } from "./dmx-driver.ts";
import {
  artnetFromOlad,
  artnetUniverse,
  type Olad,
  requiresOlad,
  sacnFromOlad,
  sacnUniverse,
  senderAddress,
  startOlad,
} from "./olad.ts";
import { Remote } from "./remote.ts";

const test = requiresOlad();

/** E131_NETWORK_DATA_LOSS_TIMEOUT. */
const lossTimeout = 2500;
const driverFile = join(import.meta.dirname, "dmx-driver.ts");

interface Given {
  readonly value: unknown;
  readonly quality: number;
}

const open = new AsyncDisposableStack();
let olad: Olad;
let driver: Remote;
const drive = (question: DriverQuestion): Promise<unknown> => driver.ask(question);

beforeAll(async () => {
  olad = open.use(await startOlad());
  driver = open.use(new Remote(olad.inSender([process.execPath, driverFile])));
});

afterAll(() => open.disposeAsync());

const given = async (name: string, output: string): Promise<Given | undefined> =>
  ((await drive({ kind: "given", name, output })) as Given | null) ?? undefined;

/** Waits until an output has been given what fits; returns how long that took, in ms. */
async function until(name: string, output: string, fits: (given: Given) => boolean): Promise<number> {
  const startedAt = performance.now();
  let last: Given | undefined;
  while (performance.now() - startedAt < 12_000) {
    last = await given(name, output);
    if (last !== undefined && fits(last)) return performance.now() - startedAt;
    await sleep(5);
  }
  throw new Error(`${name}/${output} is ${JSON.stringify(last)?.slice(0, 200)}`);
}

const untilChannels = (name: string, levels: readonly number[]): Promise<number> =>
  until(
    name,
    "received",
    ({ value }) => Array.isArray(value) && value.slice(0, levels.length).join() === levels.join(),
  );

const source = (name: string, priority: number, universe: number): DriverQuestion => ({
  kind: "start",
  name,
  settings: { universe, sacn: { interface: senderAddress, priority, sourceName: name } },
});

test("OLA's sACN and Art-Net come in with all 512 channels, and a fader drives an output", async () => {
  await drive({
    kind: "start",
    name: "desk",
    settings: {
      universe: sacnFromOlad,
      receive: { sacn: { interface: senderAddress }, channels: { fader: { channel: 3 } } },
    },
  });
  await drive({
    kind: "start",
    name: "artnet-desk",
    settings: {
      universe: artnetFromOlad,
      receive: {
        artnet: { interface: senderAddress, portAddress: artnetFromOlad },
        channels: { fader: { channel: 2 } },
      },
    },
  });
  const levels = Array.from({ length: 512 }, (_, slot) => (slot * 7) % 256);

  // OLA speaks only when something changes, and finds out who wants its Art-Net by asking.
  for (let turn = 0; turn < 60 && (await given("artnet-desk", "received")) === undefined; turn += 1) {
    await olad.setDmx(artnetFromOlad, [turn + 1]);
    await sleep(200);
  }
  await olad.setDmx(sacnFromOlad, levels);
  await olad.setDmx(artnetFromOlad, levels);
  await untilChannels("desk", levels);
  await untilChannels("artnet-desk", levels);

  expect(await given("desk", "fader")).toEqual({ value: 14 / 255, quality: 0 });
  expect(await given("artnet-desk", "fader")).toEqual({ value: 7 / 255, quality: 0 });
  await drive({ kind: "stop", name: "desk" });
  await drive({ kind: "stop", name: "artnet-desk" });
});

test("a source above takes over, equals show the highest, one that leaves or dies is gone in its time", async () => {
  const universe = 21;
  await drive({
    kind: "start",
    name: "follower",
    settings: {
      universe,
      receive: { sacn: { interface: senderAddress }, channels: { fader: { channel: 1 } } },
    },
  });
  await drive(source("below", 100, universe));
  await drive(source("equal", 100, universe));
  await drive(source("above", 150, universe));
  const set = (name: string, levels: readonly number[]): Promise<unknown> =>
    Promise.all(levels.map((value, slot) => drive({ kind: "apply", name, input: `ch${slot + 1}`, value })));

  await set("below", [10, 200]);
  await set("equal", [20, 100]);
  // All three send: the one above still has nothing but darkness to say, and is believed.
  await until("follower", "desks", ({ value }) => value === 3);
  await untilChannels("follower", [0, 0]);
  await set("above", [1, 2]);
  await untilChannels("follower", [1, 2]);
  await drive({ kind: "stop", name: "above" });
  const leftAfter = await untilChannels("follower", [20, 200]);

  await using dying = new Remote(olad.inSender([process.execPath, driverFile]));
  await dying.ask(source("dying", 180, universe));
  await dying.ask({ kind: "apply", name: "dying", input: "ch1", value: 99 } satisfies DriverQuestion);
  await untilChannels("follower", [99]);
  await dying[Symbol.asyncDispose]();
  const diedAfter = await untilChannels("follower", [20, 200]);

  expect(leftAfter).toBeLessThan(lossTimeout / 2);
  // Its last packet may have been up to a keep-alive before its death.
  expect(diedAfter).toBeGreaterThan(lossTimeout - 1000);
  expect(diedAfter).toBeLessThan(lossTimeout * 2);
  await drive({ kind: "stop", name: "below" });
  await drive({ kind: "stop", name: "equal" });
  await until("follower", "fader", ({ quality }) => quality === 1);
  expect(await given("follower", "fader")).toEqual({ value: 20 / 255, quality: 1 });
  await drive({ kind: "stop", name: "follower" });
});

test("a desk that is merged shows in OLA above what routes drive, and its loss is held, then faded to a scene", async () => {
  const desk = 22;
  await drive({
    kind: "start",
    name: "merged",
    settings: {
      universe: sacnUniverse,
      sacn: { interface: senderAddress },
      receive: { sacn: { interface: senderAddress, universe: desk }, merge: true },
      dimmers: { wash: { channel: 1 } },
      scenes: { night: { ch2: 40 } },
      failsafe: { hold: "500ms", fade: "500ms", scene: "night" },
    },
  });
  const untilShown = async (levels: readonly number[]): Promise<void> => {
    let shown: readonly number[] = [];
    for (const end = performance.now() + 10_000; performance.now() < end; await sleep(10)) {
      shown = (await olad.getDmx(sacnUniverse)).slice(0, levels.length);
      if (shown.join() === levels.join()) return;
    }
    throw new Error(`OLA shows ${shown.join()}, not ${levels.join()}`);
  };
  await drive({ kind: "apply", name: "merged", input: "wash", value: 1 });
  await untilShown([255, 0]);

  await drive(source("console", 150, desk));
  await drive({ kind: "apply", name: "console", input: "ch2", value: 200 });
  await untilShown([0, 200]);
  await drive({ kind: "stop", name: "console" });
  await untilShown([255, 200]);
  await untilShown([255, 40]);

  await drive({ kind: "stop", name: "merged" });
});

test("Art-Net goes to who asks for it, and OLA gets it without an address in the settings", async () => {
  await drive({
    kind: "start",
    name: "subscribed",
    settings: { universe: 1, artnet: { interface: senderAddress, portAddress: artnetUniverse } },
  });

  await drive({ kind: "apply", name: "subscribed", input: "ch512", value: 123 });

  let shown: readonly number[] = [];
  for (let turn = 0; turn < 200 && shown[511] !== 123; turn += 1) {
    shown = await olad.getDmx(artnetUniverse);
    await sleep(50);
  }
  expect(shown).toEqual([...Array<number>(511).fill(0), 123]);
  // Whether it runs is said once a second.
  let state: unknown;
  for (let turn = 0; turn < 100 && state !== "running"; turn += 1) {
    state = await drive({ kind: "state", name: "subscribed" });
    await sleep(50);
  }
  expect(state).toBe("running");
  await drive({ kind: "stop", name: "subscribed" });
});
