import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seconds } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "./free-port.ts";
import { dmxModule } from "./module.ts";
import { decodeSacn, sacnPacket, sourceCid, writeSacn } from "./sacn.ts";

/** For a file to be written and packets to arrive on a busy machine. */
const settlingTime = 100;

/** One machine on which an agent is killed and started again; its time goes when a life of the agent goes on. */
class Machine {
  /** In seconds. */
  uptime = 1000;
  readonly #file: string;
  readonly #settings: object;

  private constructor(file: string, settings: object) {
    this.#file = file;
    this.#settings = settings;
  }

  static async start(settings: object = {}): Promise<Machine> {
    const folder = await mkdtemp(join(tmpdir(), "dmx-kept-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    return new Machine(join(folder, "look"), settings);
  }

  /** A life of the agent: it ends when nobody lets time go on in it. */
  async life(more: object = {}): Promise<Life> {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    onTestFinished(() => void socket.close());
    const clock = new VirtualClock();
    const settings = {
      universe: 1,
      sacn: { to: ["127.0.0.1"], port: socket.address().port },
      remember: this.#file,
      ...this.#settings,
      ...more,
    };
    const places = { uptime: () => this.uptime };
    const bench = await startOnBench(dmxModule(places), settings, { clock, name: "stage" });
    const shown: Uint8Array[] = [];
    socket.on("message", (packet) => shown.push(decodeSacn(packet)?.levels ?? new Uint8Array()));
    const pass = async (time: number): Promise<void> => {
      for (let left = time; left > 0.01;) {
        // In long steps frames are late, which matters to what is still long before its end to nobody.
        const step = Math.min(left > 10 ? 1 : 0.1, left);
        left -= step;
        clock.advance(seconds(step));
        this.uptime += step;
        // What is written and what is sent go their own ways.
        await sleep(2);
      }
      await sleep(settlingTime);
    };
    /** In good order, to start again with these settings. */
    const stop = async (next?: object): Promise<void> => {
      const stopped = bench.stop(next && { ...settings, ...next }).then(() => "stopped");
      while ((await Promise.race([stopped, pass(0.03)])) !== "stopped");
    };
    // Recordings are read in no time of the clock's.
    await sleep(settlingTime);
    return { bench, shown, pass, stop };
  }

  get file(): string {
    return this.#file;
  }
}

interface Life {
  readonly bench: Bench;
  /** All looks that were sent. */
  readonly shown: readonly Uint8Array[];
  /** In seconds. */
  pass(time: number): Promise<void>;
  stop(next?: object): Promise<void>;
}

const last = ({ shown }: Life, channels: number) => [...(shown.at(-1)?.subarray(0, channels) ?? [])];

test("a look that has stood still for minutes is there again after a crash, and the cue too", async () => {
  const cueLists = { show: { cues: [{ name: "open", levels: { ch3: 30 } }] } };
  const machine = await Machine.start({ cueLists });
  const killed = await machine.life();
  killed.bench.apply("ch1", 100);
  killed.bench.apply("cue-go", "show");
  await killed.pass(300);

  machine.uptime += 5;
  const reborn = await machine.life();
  await reborn.pass(1);

  expect(last(reborn, 3)).toEqual([100, 0, 30]);
  expect(reborn.bench.emitted.findLast(({ output }) => output === "cue")?.value).toBe("show/open");
});

test.each([
  ["a blackout", "blackout", true],
  ["a grand master", "grand-master", 0],
])("%s that was set in the dark holds after a crash", async (_what, input, value) => {
  const machine = await Machine.start();
  const killed = await machine.life();
  await killed.pass(1);
  killed.bench.apply(input, value);
  await killed.pass(0.5);

  const reborn = await machine.life();
  reborn.bench.apply("ch1", 255);
  await reborn.pass(1);

  expect(last(reborn, 1)).toEqual([0]);
});

test("a cue that moves no level is the one that is on after a crash", async () => {
  const cues = [
    { name: "dark", levels: { ch1: 0 }, follow: "1s" },
    { name: "still dark", levels: { ch1: 0 } },
  ];
  const machine = await Machine.start({ cueLists: { show: { cues } } });
  const killed = await machine.life();
  killed.bench.apply("cue-go", "show");
  await killed.pass(2);

  const reborn = await machine.life();

  expect(reborn.bench.emitted.findLast(({ output }) => output === "cue")?.value).toBe("show/still dark");
});

test.each(["a crash", "other settings"])("a recording goes on after %s", async (what) => {
  const machine = await Machine.start();
  const csv = join(dirname(machine.file), "rain.csv");
  await writeFile(csv, "ch1\n10\n20\n30\n40\n");
  const cueLists = { rain: { csv, rate: 1, loop: true } };
  const before = await machine.life({ cueLists });
  await before.pass(1);
  before.bench.apply("cue-go", "rain");
  await before.pass(2.1);
  const shown = last(before, 1);

  const other = { cueLists, dimmers: { wash: { channel: 9 } } };
  if (what !== "a crash") await before.stop(other);
  const after = await machine.life(other);
  await after.pass(0.5);
  const again = last(after, 1);
  await after.pass(1);

  expect([shown, again, last(after, 1)]).toEqual([[30], [30], [40]]);
  expect(after.bench.emitted.findLast(({ output }) => output === "cue")?.value).toMatch(/^rain\//);
});

test("a fade is as far as it would have been after a crash, and after a change of settings", async () => {
  const cueLists = { show: { cues: [{ name: "sunrise", levels: { ch1: 200 }, up: "10m" }] } };
  const machine = await Machine.start({ cueLists });
  const killed = await machine.life();
  killed.bench.apply("cue-go", "show");
  await killed.pass(60);
  machine.uptime += 30;
  const reborn = await machine.life();
  await reborn.pass(0.6);
  const afterCrash = last(reborn, 1);
  await reborn.pass(60);
  await reborn.stop({ dimmers: { wash: { channel: 9 } } });
  const changed = await machine.life({ dimmers: { wash: { channel: 9 } } });
  await changed.pass(0.6);

  expect([last(killed, 1), afterCrash, last(changed, 1)]).toEqual([[20], [30], [50]]);
});

test("a fade that goes on sends nothing before inputs are set again, or nobody sets any", async () => {
  const cueLists = { show: { cues: [{ name: "sunrise", levels: { ch1: 200 }, up: "10s" }] } };
  const machine = await Machine.start({ cueLists });
  const killed = await machine.life();
  killed.bench.apply("cue-go", "show");
  await killed.pass(5);
  const [stopped, left] = [await machine.life(), await machine.life()];

  await stopped.pass(0.3);
  const early = stopped.shown.length;
  stopped.bench.apply("ch2", 9, "stop");
  await stopped.pass(0.1);
  await left.pass(0.4);
  const before = left.shown.length;
  await left.pass(0.2);

  expect([early, stopped.shown[0]?.[1], before]).toEqual([0, 9, 0]);
  expect(last(left, 1)[0]).toBeGreaterThanOrEqual(108);
});

describe("other settings in the middle of a show", () => {
  const receiveOn = (port: number) => ({
    sacn: { universe: 2, port, interface: "127.0.0.1" },
    merge: true,
  });
  const failsafe = { hold: "5s", fade: "3s" };

  /** A desk that holds channel 1 at 200, and says so when it is told to. */
  function deskOf(port: number): () => void {
    const socket = createSocket("udp4");
    onTestFinished(() => void socket.close());
    const address = { cid: sourceCid("desk"), sourceName: "desk", universe: 2 };
    const packet = sacnPacket({ ...address, priority: 100, synchronization: 0 });
    const levels = new Uint8Array(512);
    levels[0] = 200;
    let sequence = 0;
    return () => {
      writeSacn(packet, { levels, sequence: sequence++ % 256, isTerminated: false });
      socket.send(packet, port, "127.0.0.1");
    };
  }

  test("keep what a desk shows until it is heard again, and an input's own level is its own to say", async () => {
    const port = await freePort();
    const machine = await Machine.start({ receive: receiveOn(port), failsafe });
    const before = await machine.life();
    const say = deskOf(port);
    say();
    before.bench.apply("ch2", 7);
    await sleep(settlingTime);
    await before.pass(1);
    const shown = last(before, 2);

    const other = { failsafe: { hold: "6s", fade: "3s" } };
    await before.stop(other);
    const after = await machine.life(other);
    await after.pass(1.5);
    say();
    await sleep(settlingTime);
    await after.pass(0.5);
    const count = after.shown.length;

    expect([shown, count > 10]).toEqual([[200, 7], true]);
    expect(new Set(after.shown.map((levels) => levels.subarray(0, 2).join()))).toEqual(new Set(["200,0"]));
    expect(last(before, 2)).toEqual([200, 7]);
  });

  test("leave a show stop its say: a desk that moves sends no frame before inputs are set again", async () => {
    const port = await freePort();
    const machine = await Machine.start({ receive: receiveOn(port), failsafe });
    const life = await machine.life();
    const say = deskOf(port);
    say();
    await life.pass(0.3);
    say();
    await life.pass(0.1);
    const early = life.shown.length;

    life.bench.apply("ch1", 0, "stop");
    await life.pass(0.1);

    expect([early, life.shown[0]?.[0]]).toEqual([0, 0]);
  });

  test.each([
    ["no settings come after", () => undefined],
    [
      "the settings that come no longer show it",
      (receive: object) => ({ receive: { ...receive, merge: false } }),
    ],
    [
      "the settings that come hear another universe",
      (receive: { sacn: object }) => ({ receive: { ...receive, sacn: { ...receive.sacn, universe: 3 } } }),
    ],
    ["the settings that come show another universe", () => ({ universe: 5 })],
  ])("keep nothing of it when %s", async (_when, otherThan) => {
    const port = await freePort();
    const other = otherThan(receiveOn(port));
    const machine = await Machine.start({ receive: receiveOn(port), failsafe });
    const before = await machine.life();
    deskOf(port)();
    await sleep(settlingTime);
    await before.pass(1);
    const shown = last(before, 1);

    await before.stop(other);
    const after = await machine.life(other);
    await after.pass(1);

    expect([shown, last(after, 1)]).toEqual([[200], [0]]);
  });
});

test("what stands still is written once in twenty seconds, whatever inputs repeat", async () => {
  const machine = await Machine.start();
  const life = await machine.life();
  const written = new Set<string>();
  for (let second = 0; second < 60; second += 1) {
    life.bench.apply("ch1", 100);
    await life.pass(1);
    written.add(await readFile(machine.file, "utf8"));
  }

  expect(written.size).toBeGreaterThanOrEqual(3);
  expect(written.size).toBeLessThanOrEqual(4);
});

test("what was shown more than a minute ago is gone", async () => {
  const machine = await Machine.start();
  const stopped = await machine.life();
  stopped.bench.apply("ch1", 100);
  stopped.bench.apply("grand-master", 0.5);
  await stopped.pass(1);
  machine.uptime += 61;

  const reborn = await machine.life();
  reborn.bench.apply("ch2", 100);
  await reborn.pass(1);

  expect(last(reborn, 2)).toEqual([0, 100]);
});
