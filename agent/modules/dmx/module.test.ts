import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { type Clock, instant, micros } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "./free-port.ts";
import { type ArtDmx, decodeArtDmx, nextArtnetSequence } from "./artnet.ts";
import { definition } from "./module.ts";
import { keepAliveInterval, repeatInterval, repeatsOfFirst } from "./pacing.ts";
import { isArtSync } from "./artnet-poll.ts";
import { decodeExtended } from "./sacn-extended.ts";
import { decodeSacn, nextSacnSequence, sacnPacket, type SacnData, sourceCid } from "./sacn.ts";
import { slotCount } from "./engine/slots.ts";

const systemClock: Clock = {
  now: () => instant(performance.now()),
  wall: () => micros((performance.timeOrigin + performance.now()) * 1000),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};

interface Receiver<Packet> {
  readonly port: number;
  readonly packets: readonly Packet[];
  /** When each packet came, in ms. */
  readonly times: readonly number[];
  /** Resolves with the first packet, also of those already here, that fits; fails after 5 s. */
  find(fits: (packet: Packet) => boolean): Promise<Packet>;
}

/** A real socket on loopback; every packet must be of its protocol. */
async function receiver<Packet>(decode: (bytes: Buffer) => Packet | undefined): Promise<Receiver<Packet>> {
  const packets: Packet[] = [];
  const times: number[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (bytes) => {
    const packet = decode(bytes);
    if (packet === undefined) throw new Error(`not a packet: ${bytes.toString("hex")}`);
    packets.push(packet);
    times.push(performance.now());
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  const find = async (fits: (packet: Packet) => boolean): Promise<Packet> => {
    for (const end = performance.now() + 5000; performance.now() < end; await sleep(2)) {
      const found = packets.find(fits);
      if (found !== undefined) return found;
    }
    throw new Error(`no such packet among ${packets.length}`);
  };
  return { port: socket.address().port, packets, times, find };
}

const sacnReceiver = (): Promise<Receiver<SacnData>> => receiver(decodeSacn);
const artnetReceiver = (): Promise<Receiver<ArtDmx>> => receiver(decodeArtDmx);
const local = (port: number) => ({ to: ["127.0.0.1"], port });

async function start(settings: unknown, name = "stage"): Promise<Bench> {
  const bench = await startOnBench(definition, settings, { clock: systemClock, name });
  onTestFinished(() => bench.stop());
  return bench;
}

const given = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map((each) => each.value);

/** Waits until the first look is no longer repeated. */
const untilQuiet = (): Promise<void> => sleep(repeatsOfFirst * repeatInterval + keepAliveInterval / 2);

describe("a universe", () => {
  test("goes out over sACN and Art-Net alike", async () => {
    const [sacn, artnet] = await Promise.all([sacnReceiver(), artnetReceiver()]);
    const bench = await start({
      universe: 7,
      sacn: { ...local(sacn.port), priority: 120, sourceName: "Bühne" },
      artnet: local(artnet.port),
      dimmers: { wash: { channel: 10 } },
    });

    bench.apply("ch1", 200);
    bench.apply("wash", 0.5);

    const levels = new Uint8Array(slotCount);
    levels[0] = 200;
    levels[9] = 128;
    expect(await sacn.find(() => true)).toMatchObject({
      cid: sourceCid("test/bench/stage"),
      sourceName: "Bühne",
      universe: 7,
      priority: 120,
      startCode: 0,
      isTerminated: false,
      levels,
    });
    expect(await artnet.find(() => true)).toEqual({ portAddress: 6, sequence: 1, levels });
    expect(bench.states).toEqual(["running"]);
  });

  test("shows what is set in one turn of the event loop in one frame, over several messages too", async () => {
    const sacn = await sacnReceiver();
    const bench = await start({ universe: 1, sacn: local(sacn.port) });

    // As they come to a worker: a callback each, and microtasks run between them.
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    port2.on("message", (input: string) => bench.apply(input, 255));
    for (let channel = 1; channel <= slotCount; channel += 1) port1.postMessage(`ch${channel}`);

    const first = await sacn.find(() => true);
    expect(first.levels).toEqual(new Uint8Array(slotCount).fill(255));
    expect(given(bench, "universe")).toHaveLength(1);
  });

  test("gives a slot back to the dimmer when its raw channel is released, then goes dark", async () => {
    const sacn = await sacnReceiver();
    const bench = await start({ universe: 1, sacn: local(sacn.port), dimmers: { wash: { channel: 1 } } });
    bench.apply("wash", 1);

    // What is sent is told five times a second at most.
    bench.apply("ch1", 3, "manual");
    await sacn.find(({ levels }) => levels[0] === 3);
    await sleep(450);
    bench.apply("ch1", undefined);
    await sacn.find(({ levels }) => levels[0] === 255);
    await sleep(450);
    bench.apply("wash", undefined);
    await sacn.find(({ levels }) => levels[0] === 0);

    expect(given(bench, "universe").map((slots) => slots instanceof Uint8Array && slots[0])).toEqual([
      3, 255, 0,
    ]);
  });

  test("is dark, after a moment, when no input is set", async () => {
    const artnet = await artnetReceiver();
    const startedAt = performance.now();
    const bench = await start({ universe: 1, artnet: local(artnet.port) });

    const first = await artnet.find(() => true);

    expect(first.levels).toEqual(new Uint8Array(slotCount));
    expect((artnet.times[0] ?? 0) - startedAt).toBeGreaterThan(400);
    expect(given(bench, "universe")).toEqual([new Uint8Array(slotCount)]);
  });
});

test("a dimmer whose name fits into no topic is refused", async () => {
  const settings = { universe: 1, sacn: local(5568), dimmers: { "Front Wash": { channel: 10 } } };

  await expect(start(settings)).rejects.toThrow('"Front Wash" is not a name');
});

describe("frames", () => {
  test("are never more than the line can carry, and the last change always arrives", async () => {
    const sacn = await sacnReceiver();
    const bench = await start({ universe: 1, sacn: local(sacn.port) });
    const startedAt = performance.now();

    for (let level = 1; level <= 100; level += 1) {
      bench.apply("ch1", level);
      await sleep(3);
    }
    const changingFor = performance.now() - startedAt;
    const count = sacn.packets.length;
    await sacn.find(({ levels }) => levels[0] === 100);

    expect(count).toBeLessThanOrEqual(Math.floor(changingFor / 22.7) + 1);
    expect(count).toBeGreaterThan(3);
  });

  test("with a new look are sent three times, then kept alive, numbered without a hole", async () => {
    const [sacn, artnet] = await Promise.all([sacnReceiver(), artnetReceiver()]);
    const bench = await start({ universe: 1, sacn: local(sacn.port), artnet: local(artnet.port) });
    bench.apply("ch1", 1);
    await untilQuiet();
    const before = sacn.packets.length;

    bench.apply("ch1", 2);
    await sleep(300);
    const afterChange = sacn.packets.length;
    await sleep(2.25 * keepAliveInterval);

    expect(before).toBe(repeatsOfFirst + 1);
    expect(afterChange - before).toBe(3);
    expect(sacn.packets.length - afterChange).toBe(2);
    const [second = 0, last = 0] = sacn.times.slice(-2);
    expect(last - second).toBeGreaterThan(700);
    expect(last - second).toBeLessThan(1500);
    for (const [index, { sequence }] of sacn.packets.entries()) {
      expect(sequence).toBe(index === 0 ? 0 : nextSacnSequence(sacn.packets[index - 1]?.sequence ?? 0));
    }
    for (const [index, { sequence }] of artnet.packets.entries()) {
      expect(sequence).toBe(index === 0 ? 1 : nextArtnetSequence(artnet.packets[index - 1]?.sequence ?? 0));
    }
  });

  test("are counted, with the worst latency, once a second", async () => {
    const sacn = await sacnReceiver();
    const bench = await start({ universe: 1, sacn: local(sacn.port) });

    bench.apply("ch1", 1);
    await sleep(1100);

    const [frames] = given(bench, "frames");
    const [latency] = given(bench, "latency");
    expect(frames).toBeGreaterThan(repeatsOfFirst / 2);
    expect(latency).toBeGreaterThanOrEqual(0);
    expect(latency).toBeLessThan(1000);
    expect(given(bench, "errors")).toEqual([0]);
  });

  test("do not count an old reading that a new owner brings along as late", async () => {
    const sacn = await sacnReceiver();
    const bench = await start({ universe: 1, sacn: local(sacn.port) });
    bench.apply("ch1", 1, "manual");
    await sleep(1050);
    const count = given(bench, "latency").length;

    bench.apply("ch1", 2, "route");
    await sleep(1050);

    expect([count, given(bench, "latency").length]).toEqual([1, 1]);
  });
});

describe("what is stored", () => {
  const settings = (port: number) => ({
    universe: 1,
    sacn: local(port),
    dimmers: { wash: { channel: 3 } },
    scenes: { night: { ch1: 40, wash: 0.2 } },
    cueLists: {
      show: {
        cues: [
          { name: "open", levels: { ch1: 200 } },
          // Long enough that a machine under load sends a frame within it.
          { scene: "night", fade: "2s", follow: "50ms" },
          { levels: { ch2: 9 } },
        ],
      },
    },
  });

  test("plays by GO, fades, follows and is let go, and each step is told", async () => {
    const sacn = await sacnReceiver();
    const bench = await start(settings(sacn.port));

    bench.apply("cue-go", "show");
    await sacn.find(({ levels }) => levels[0] === 200);
    bench.apply("cue-go", "show");
    await sacn.find(({ levels }) => levels[0] === 40 && levels[1] === 9 && levels[2] === 51);
    bench.apply("cue-release", "show");
    await sacn.find(({ levels }) => levels[0] === 0 && levels[2] === 0 && levels[1] === 0);

    expect(sacn.packets.some(({ levels }) => (levels[0] ?? 0) > 40 && (levels[0] ?? 0) < 200)).toBe(true);
    expect(given(bench, "cue")).toEqual(["", "show/open", "show/2", "show/3", ""]);
    expect(given(bench, "cue-paused")).toEqual([""]);
  });

  test("says which cues stand still, beside what is on", async () => {
    const sacn = await sacnReceiver();
    const bench = await start(settings(sacn.port));

    bench.apply("cue-go", "show");
    bench.apply("scene", "night");
    bench.apply("cue-pause", "show");
    bench.apply("cue-pause", "");
    bench.apply("cue-resume", "show");
    bench.apply("cue-go", "show/3");
    bench.apply("cue-pause", "show");
    bench.apply("cue-release", "");

    expect(given(bench, "cue-paused")).toEqual([
      "",
      "show/open",
      "show/open, night",
      "night",
      "show/3, night",
      "",
    ]);
    expect(given(bench, "cue")).toEqual(["", "show/open", "show/open, night", "show/3, night", ""]);
    expect(bench.logged).toEqual([]);
  });

  test("is a scene too, which fades in and out", async () => {
    const sacn = await sacnReceiver();
    const bench = await start(settings(sacn.port));

    bench.apply("scene", "night");
    await sacn.find(({ levels }) => levels[0] === 40 && levels[2] === 51);
    bench.apply("scene", "");
    await sacn.find(
      ({ levels }) => levels[0] === 0 && levels[2] === 0 && sacn.packets.length > repeatsOfFirst,
    );

    expect(given(bench, "cue")).toEqual(["", "night", ""]);
  });

  test("is a recording from a file, played at its rate", async () => {
    const sacn = await sacnReceiver();
    const path = join(await mkdtemp(join(tmpdir(), "dmx-recording-")), "rain.csv");
    onTestFinished(() => rm(dirname(path), { recursive: true }));
    await writeFile(path, "ch1,wash\n10,0\n20,0.5\n30,1\n");
    const bench = await start({
      ...settings(sacn.port),
      cueLists: { rain: { csv: path, rate: 10, priority: 150 } },
    });
    // It is read from its file first.
    await vi.waitFor(() => expect(given(bench, "cue-lists").at(-1)).toHaveLength(1));

    bench.apply("cue-go", "rain");
    await sacn.find(({ levels }) => levels[0] === 30 && levels[2] === 255);

    const shown = sacn.packets
      .map(({ levels }) => levels[0])
      .filter((level, index, all) => level !== all[index - 1]);
    expect(shown.slice(-3)).toEqual([10, 20, 30]);
    expect(bench.logged).toEqual([]);
  });

  test.each([
    ["cue-go", "nothing", 'there is no cue list "nothing"'],
    ["cue-go", "show/dance", 'show has no cue "dance"'],
    ["cue-go", "show/7", 'show has no cue "7"'],
    ["cue-back", "show", "show is at its first cue"],
    ["cue-pause", "show", "show does not run"],
    ["cue-resume", "show", "show is not paused"],
    ["cue-resume", "rain", 'there is no cue list "rain"'],
    ["scene", "noon", 'there is no scene "noon"'],
  ])("says of %s %s what is wrong, and changes nothing", async (input, text, words) => {
    const sacn = await sacnReceiver();
    const bench = await start(settings(sacn.port));

    bench.apply(input, text);

    expect(bench.logged).toEqual([`warn ${input}: ${words}`]);
    expect(given(bench, "cue")).toEqual([""]);
  });

  test("is dimmed by the grand master and the blackout, and the monitor says what was sent and by whom", async () => {
    const sacn = await sacnReceiver();
    const bench = await start({ ...settings(sacn.port), ltpChannels: [2] });
    bench.apply("ch1", 100);
    bench.apply("ch2", 100);
    bench.apply("wash", 1);

    bench.apply("grand-master", 0.5);
    await sacn.find(({ levels }) => levels[0] === 50 && levels[1] === 100 && levels[2] === 128);
    bench.apply("blackout", true);
    await sacn.find(({ levels }) => levels[0] === 0 && levels[1] === 100 && levels[2] === 0);
    await sleep(300);

    const told = given(bench, "monitor").at(-1);
    const levels = new Uint8Array(slotCount);
    levels[1] = 100;
    const shown = new Uint8Array(slotCount);
    shown.set([1, 1, 2]);
    expect(told).toEqual({
      levels,
      shown,
      sources: ["channels", "dimmers"],
      master: 0.5,
      blackout: true,
      universe: 1,
      portAddress: 0,
    });
  });
});

test("an instance whose agent was killed shows what it showed, until somebody drives it", async () => {
  const sacn = await sacnReceiver();
  const remember = join(await mkdtemp(join(tmpdir(), "dmx-memory-")), "look");
  onTestFinished(() => rm(dirname(remember), { recursive: true }));
  const settings = (port: number) => ({
    universe: 1,
    sacn: local(port),
    remember,
    cueLists: { show: { cues: [{ name: "open", levels: { ch3: 30 } }] } },
  });
  const killed = await start(settings(sacn.port));
  killed.apply("ch1", 100);
  killed.apply("grand-master", 0.5);
  killed.apply("cue-go", "show");
  await sacn.find(({ levels }) => levels[0] === 50 && levels[2] === 15);
  await sleep(600);

  const [after, later] = await Promise.all([sacnReceiver(), sacnReceiver()]);
  const reborn = await start(settings(after.port));
  const first = await after.find(() => true);
  reborn.apply("ch1", undefined);
  await after.find(({ levels }) => levels[0] === 0 && levels[2] === 15);
  // In good order it leaves its cue and its master, and no levels.
  reborn.apply("ch2", 80);
  await after.find(({ levels }) => levels[1] === 40);
  await reborn.stop();
  await start(settings(later.port));
  const last = await later.find(() => true);

  expect([...first.levels.subarray(0, 3)]).toEqual([50, 0, 15]);
  expect([...last.levels.subarray(0, 3)]).toEqual([0, 0, 15]);
});

describe("a source on sACN", () => {
  test("says the priorities of single slots before its first levels, and again every second", async () => {
    const seen: SacnData[] = [];
    const sacn = await receiver((bytes) => {
      const packet = decodeSacn(bytes);
      if (packet !== undefined) seen.push(packet);
      return packet;
    });
    await start({
      universe: 1,
      sacn: { ...local(sacn.port), priority: 90, slotPriorities: { "2-3": 150, "512": 0 } },
    });

    await sleep(2200);

    const told = seen.filter(({ startCode }) => startCode === 0xdd);
    const expected = new Uint8Array(slotCount).fill(90);
    expected.set([150, 150], 1);
    expected[511] = 0;
    expect(seen[0]).toMatchObject({ startCode: 0xdd, levels: expected });
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(seen.map(({ sequence }) => sequence)).toEqual(seen.map((_, index) => index));
  });

  test("synchronizes universes that change together once, after their levels", async () => {
    let order: string[] = [];
    const sacn = await receiver((bytes) => {
      const data = decodeSacn(bytes);
      const extended = decodeExtended(bytes);
      if (data !== undefined) order.push(`levels for ${data.synchronization}`);
      if (extended?.kind === "synchronization") order.push(`now ${extended.universe}`);
      return data ?? extended;
    });
    const settings = (universe: number) => ({
      universe,
      sacn: { ...local(sacn.port), synchronization: 777 },
    });
    const benches = await Promise.all([start(settings(1), "one"), start(settings(2), "two")]);
    await untilQuiet();

    const orders: string[] = [];
    for (let level = 1; level <= 5; level += 1) {
      order = [];
      for (const bench of benches) bench.apply("ch1", level);
      await sleep(120);
      orders.push(order.slice(0, 3).join());
    }

    // A change that meets a repeat of one of them goes when the line is free.
    expect(orders).toContain("levels for 777,levels for 777,now 777");
  });

  test("shows what changes together in universes together, whatever each of them sent before", async () => {
    const sent: string[] = [];
    const waiting = new Map<number, number | undefined>();
    const shown = new Set<string>();
    // As a receiver does that waits for the word.
    const sacn = await receiver((bytes) => {
      const data = decodeSacn(bytes);
      if (data !== undefined) waiting.set(data.universe, data.levels[0]);
      else shown.add([waiting.get(1), waiting.get(2), waiting.get(3)].join());
      sent.push(data === undefined ? "now" : "levels");
      return data ?? decodeExtended(bytes);
    });
    const settings = (universe: number) => ({
      universe,
      sacn: { ...local(sacn.port), synchronization: 777 },
    });
    const benches = await Promise.all([1, 2, 3].map((each) => start(settings(each), `universe-${each}`)));
    await untilQuiet();
    shown.clear();

    for (let level = 1; level <= 20; level += 1) {
      // Other channels, at other times: each has its own frame behind it.
      benches[level % 3]?.apply("ch2", level);
      await sleep(level % 8);
      benches[(level + 1) % 3]?.apply("ch2", level);
      await sleep(level % 5);
      for (const bench of benches) bench.apply("ch1", level);
      await sleep(50);
    }
    for (const universe of [1, 2, 3]) {
      await sacn.find(
        (packet) => "levels" in packet && packet.universe === universe && packet.levels[0] === 20,
      );
    }

    const together = Array.from({ length: 21 }, (_, level) => [level, level, level].join());
    expect([...shown].filter((look) => !together.includes(look))).toEqual([]);
    // However late this machine is.
    expect(shown.size).toBeGreaterThan(4);
    expect(sent.join(" ")).not.toContain("now now");
  });
});

describe("a source on Art-Net", () => {
  test("synchronizes what it has sent", async () => {
    const order: string[] = [];
    const artnet = await receiver((bytes) => {
      if (isArtSync(bytes)) order.push("now");
      const dmx = decodeArtDmx(bytes);
      if (dmx !== undefined) order.push("levels");
      return dmx ?? bytes;
    });
    await start({ universe: 1, artnet: { ...local(artnet.port), sync: true } });

    await sleep(700);

    expect(order.length).toBeGreaterThan(4);
    expect(order).toEqual(order.map((_, index) => (index % 2 === 0 ? "levels" : "now")));
  });
});

describe("a desk that is received", () => {
  const settings = (port: number, universe: number) => ({
    universe,
    receive: { sacn: { port, interface: "127.0.0.1" }, channels: { fader: { channel: 1 } } },
  });

  test("drives every instance of its universe and no other, whoever came first", async () => {
    const port = await freePort();
    const first = await start(settings(port, 1), "first");
    const other = await start(settings(port, 2), "other");
    const last = await start(settings(port, 1), "last");
    const desk = await start({ universe: 1, sacn: { to: ["127.0.0.1"], port } }, "desk");

    desk.apply("ch1", 51);
    await sleep(700);

    expect([first, other, last].map((bench) => given(bench, "fader"))).toEqual([[0.2], [], [0.2]]);
  });

  test("is not disturbed by what is no light, however much of it comes", async () => {
    const port = await freePort();
    const bench = await start(settings(port, 1));
    const socket = createSocket("udp4");
    onTestFinished(() => void socket.close());
    const desk = await start({ universe: 1, sacn: { to: ["127.0.0.1"], port } }, "desk");
    const whole = sacnPacket({
      cid: new Uint8Array(16),
      sourceName: "",
      universe: 1,
      priority: 100,
      synchronization: 0,
    });

    for (let turn = 0; turn < 500; turn += 1) {
      socket.send(whole.subarray(0, turn), port, "127.0.0.1");
      const torn = Buffer.from(whole);
      // A length, the vectors, the universe: one byte after the other is wrong, and the CID of none of them counts.
      torn.writeUInt8((torn[turn % 126] ?? 0) ^ 0xff, turn % 126);
      if (turn % 126 < 22 || turn % 126 > 115) socket.send(torn, port, "127.0.0.1");
    }
    desk.apply("ch1", 255);
    await sleep(700);

    expect(given(bench, "fader")).toEqual([1]);
    expect(bench.logged).toEqual([]);
  });
});

describe("an instance that stops", () => {
  test("takes leave of its sACN receivers with exactly three packets, and shows its last look first", async () => {
    const [sacn, artnet] = await Promise.all([sacnReceiver(), artnetReceiver()]);
    const bench = await start({ universe: 1, sacn: local(sacn.port), artnet: local(artnet.port) });
    bench.apply("ch1", 9);
    await sacn.find(() => true);

    bench.apply("ch1", 10);
    await bench.stop();
    await sleep(100);
    const count = sacn.packets.length;
    await sleep(keepAliveInterval + 100);

    expect(sacn.packets.filter((packet) => packet.isTerminated)).toHaveLength(3);
    expect(sacn.packets.slice(-3).every((packet) => packet.isTerminated)).toBe(true);
    expect(sacn.packets.map(({ sequence }) => sequence)).toEqual(sacn.packets.map((_, index) => index));
    expect(sacn.packets).toHaveLength(count);
    expect(artnet.packets.at(-1)?.levels[0]).toBe(10);
  });

  test("and starts again is the same source to those that it still sends to", async () => {
    const sacn = await sacnReceiver();
    const before = { universe: 1, sacn: local(sacn.port) };
    const bench = await start(before);
    bench.apply("ch1", 9);
    await sacn.find(() => true);

    await bench.stop({ ...before, failsafe: { hold: "5s" } });
    const again = await start(before);
    again.apply("ch1", 9);
    await sleep(100);

    expect(sacn.packets.filter((packet) => packet.isTerminated)).toHaveLength(0);
    expect(sacn.packets.every(({ levels }) => levels[0] === 9)).toBe(true);
  });

  test.each([
    ["another universe", { universe: 2 }],
    ["no sACN", { sacn: { to: ["127.0.0.1"], enabled: false }, artnet: { to: ["127.0.0.1"] } }],
    ["other receivers", { sacn: { to: ["127.0.0.2"] } }],
  ])("and starts again with %s takes leave", async (_what, changed) => {
    const sacn = await sacnReceiver();
    const before = { universe: 1, sacn: local(sacn.port) };
    const bench = await start(before);
    bench.apply("ch1", 9);
    await sacn.find(() => true);

    await bench.stop({ ...before, ...changed });
    await sleep(100);

    expect(sacn.packets.filter((packet) => packet.isTerminated)).toHaveLength(3);
  });

  test("may be told to twice, and takes no more inputs", async () => {
    const sacn = await sacnReceiver();
    const bench = await start({ universe: 1, sacn: local(sacn.port) });

    await Promise.all([bench.stop(), bench.stop()]);
    bench.apply("ch1", 1);
    await sleep(50);

    expect(sacn.packets.filter((packet) => packet.isTerminated)).toHaveLength(3);
    expect(sacn.packets.every(({ levels }) => levels[0] === 0)).toBe(true);
  });
});

describe("an output that cannot send", () => {
  /** An address from the range for documentation: no node has it. */
  const nobodys = "192.0.2.1";

  test("neither stops nor delays the other", async () => {
    const artnet = await artnetReceiver();
    const bench = await start({
      universe: 1,
      sacn: { interface: nobodys },
      artnet: local(artnet.port),
    });

    bench.apply("ch1", 5);
    await artnet.find(({ levels }) => levels[0] === 5);
    await sleep(1100);

    expect(bench.states).toEqual(["running"]);
    expect(given(bench, "errors").at(-1)).toBeGreaterThanOrEqual(1);
    expect(bench.logged).toHaveLength(1);
    expect(bench.logged[0]).toContain(`warn sACN: bind EADDRNOTAVAIL ${nobodys}`);
    expect(artnet.packets.length).toBeGreaterThan(repeatsOfFirst / 2);
  });

  test("does not keep its other addresses from their frames", async () => {
    const artnet = await artnetReceiver();
    const bench = await start({
      universe: 1,
      // From loopback there is no way out.
      artnet: { to: [nobodys, "127.0.0.1"], port: artnet.port, interface: "127.0.0.1" },
    });

    bench.apply("ch1", 5);
    await artnet.find(({ levels }) => levels[0] === 5);
    await sleep(1100);

    expect(bench.states).toEqual(["running"]);
    expect(given(bench, "errors").at(-1)).toBeGreaterThan(1);
    expect(bench.logged).toHaveLength(1);
  });

  test("is a widget that is not plugged in, and frames go on beside it", async () => {
    const sacn = await sacnReceiver();
    const bench = await start({ universe: 1, sacn: local(sacn.port), usb: { path: "/dev/no-such-widget" } });

    bench.apply("ch1", 5);
    await sacn.find(({ levels }) => levels[0] === 5);
    await sleep(1100);

    expect(bench.states).toEqual(["running"]);
    expect(bench.logged[0]).toBe(
      "warn USB: /dev/no-such-widget is not there: plug the device in or correct the path",
    );
    expect(sacn.packets.length).toBeGreaterThan(repeatsOfFirst / 2);
  });

  test("says what is missing when it is the only one, and goes on trying", async () => {
    const bench = await start({
      universe: 1,
      sacn: { interface: nobodys },
      artnet: { to: [nobodys], interface: "127.0.0.1" },
    });

    bench.apply("ch1", 5);
    await sleep(2100);

    expect(bench.states.at(-1)).toContain("waiting: no output can send (sACN: bind EADDRNOTAVAIL");
    const errors = given(bench, "errors");
    expect(Number(errors.at(-1))).toBeGreaterThan(Number(errors[0]));
    expect(bench.logged).toHaveLength(2);
  });
});
