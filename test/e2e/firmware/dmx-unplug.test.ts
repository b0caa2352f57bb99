// A widget that is pulled and plugged in again, at any moment, and one that falls silent: its line is lost within a second,
// found again by its serial number, and lit as it was. The module has a clock that moves by hand, so that nothing here
// hangs on how busy the machine is; the firmware, the ttys and the descriptors are real.

import { mkdir, readdir, readlink, rm, symlink } from "node:fs/promises";
import { dmxModule } from "@interactor/agent/modules/dmx/module.ts";
import type { FirmwareBench } from "@interactor/firmware-bridges/bench/bench.ts";
import { seededRandom } from "@interactor/shared/kernel/random";
import { type Millis, millis } from "@interactor/shared/kernel/units";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, vi } from "vitest";
import { requires } from "../requires.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

const test = requires("avr-gcc", "gcc", "simavr");

/** A tenth of a second each. */
const cycles = process.env["TEST_LONG"] === undefined ? 50 : 200;
/** Of so many one is waited for until it is lit. */
const litEvery = 8;

/** Wall clock, and generous: the machine may be busy. */
const patienceMillis = 30_000;
/** In which a line that is gone has to be lost. */
const lostWithin = millis(1000);

let workbench: Workbench;
let firmware: string;
beforeAll(async () => {
  workbench = await openWorkbench();
  firmware = await workbench.build("dmx-pro", "atmega2560");
  await mkdir(links());
});
afterEach(() => workbench.clear());
afterAll(() => workbench[Symbol.asyncDispose]());

const links = (): string => `${workbench.folder}/by-id`;
const serial = "EN264168";
const link = (): string => `${links()}/usb-ENTTEC_DMX_USB_PRO_${serial}-if00-port0`;

/** Each time another tty, as a USB adapter that is plugged in again may be; udev's link leads there. */
let sockets = 0;
async function plugIn(): Promise<FirmwareBench> {
  const line = `${workbench.folder}/ttyUSB${sockets++}`;
  const bench = await workbench.start({ chip: "atmega2560", firmware, hasDmx: true, line });
  await rm(link(), { force: true });
  await symlink(line, link());
  return bench;
}

class Room {
  readonly clock = new VirtualClock();
  readonly bench: Bench;

  private constructor(bench: Bench, clock: VirtualClock) {
    this.bench = bench;
    this.clock = clock;
  }

  /** `beside`: other ways out. */
  static async open(beside: object = {}): Promise<Room> {
    const clock = new VirtualClock();
    const settings = { universe: 1, usb: { serial }, dimmers: { wash: { channel: 1 } }, ...beside };
    const room = new Room(await startOnBench(dmxModule({ links: links() }), settings, { clock }), clock);
    onTestFinished(async () => {
      let isOver = false;
      void room.bench.stop().then(() => (isOver = true));
      await room.until("the end", () => isOver);
    });
    return room;
  }

  get state(): string {
    return this.bench.states.at(-1) ?? "none";
  }

  /** Time passes as the machine can follow it. */
  async pass(span: Millis): Promise<void> {
    for (let passed = 0; passed < span; passed += 50) {
      this.clock.advance(millis(50));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    const end = performance.now() + patienceMillis;
    while (!isSo()) {
      if (performance.now() > end)
        throw new Error(`${what} did not come: ${this.bench.states.slice(-3).join(", ")}`);
      await this.pass(millis(50));
    }
  }

  running(): Promise<void> {
    return this.until("running", () => this.state === "running");
  }

  /** No more time passes than this: what has not said that it is lost by then never does. */
  async lost(): Promise<void> {
    this.clock.advance(lostWithin);
    const end = performance.now() + patienceMillis;
    while (this.state === "running") {
      if (performance.now() > end) throw new Error("it is not lost");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

const shows = (bench: FirmwareBench, level: number): boolean =>
  bench.ofKind("dmx").at(-1)?.frame.slots[0] === level;

const untilShown = (bench: FirmwareBench, level: number): Promise<void> =>
  vi.waitFor(() => expect(shows(bench, level)).toBe(true), { timeout: patienceMillis, interval: 10 });

test("unplugged at any moment, again and again: lost within a second, found by its serial number, and nothing is left behind", async () => {
  const random = seededRandom(3);
  const room = await Room.open();
  room.bench.apply("wash", 1);
  const warm = await plugIn();
  await room.running();
  await warm.unplug();
  await room.lost();
  // What was closed goes in its own time.
  await vi.waitFor(async () => expect((await openDescriptors()).join()).not.toContain("deleted"), {
    timeout: patienceMillis,
    interval: 20,
  });
  const before = await openDescriptors();

  let reached = 0;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const bench = await plugIn();
    if (cycle % litEvery === 0) {
      await room.running();
      await room.until("the look", () => shows(bench, 255));
    } else await room.pass(millis(random.next() * 1500));
    if (room.state === "running") reached += 1;
    await bench.unplug();
    await room.lost();
  }

  expect(reached).toBeGreaterThanOrEqual(cycles / litEvery);
  await room.until("the last line", () => room.state !== "running");
  await vi.waitFor(async () => expect(await openDescriptors()).toEqual(before), {
    timeout: patienceMillis,
    interval: 20,
  });
  const again = await plugIn();
  await room.running();
  await room.until("the look", () => shows(again, 255));
}, 240_000);

test("unplugged beside sACN that goes on it is told within a second by what it is, and no more once it is lit again", async () => {
  const bench = await plugIn();
  const room = await Room.open({ sacn: { to: ["127.0.0.1"], port: 9, interface: "127.0.0.1" } });
  room.bench.apply("wash", 1);
  await room.until("the look", () => shows(bench, 255));
  // Longer than what is new is let off.
  await room.pass(millis(5000));
  expect(room.bench.states).toEqual(["running"]);

  await bench.unplug();
  await rm(link(), { force: true });
  await room.lost();
  expect(room.state).toMatch(/^degraded: USB: .* hung up: is the device still plugged in\?$/u);
  const missing = `degraded: USB: no USB device with serial number ${serial} is plugged in`;
  await room.until("what is away", () => room.state.startsWith(missing));

  const again = await plugIn();
  await room.running();
  await room.until("the look", () => shows(again, 255));
  expect(room.bench.states.filter((state) => state.startsWith("waiting"))).toEqual([]);
}, 60_000);

test("a widget that falls silent while its line is open is told, its line opened anew, and its look is on again", async () => {
  const bench = await plugIn();
  const room = await Room.open();
  room.bench.apply("wash", 0.2);
  await room.running();
  await room.until("the look", () => shows(bench, 51));
  const openings = (): number => bench.ofKind("host").filter(({ isOpen }) => isOpen).length;
  const before = openings();

  bench.cut();
  // Its guard ends.
  await untilShown(bench, 0);
  await room.until("that it is lost", () => room.state.startsWith("waiting"));
  expect(room.bench.logged.join()).toContain("it works badly: it does not answer any more");
  expect(room.state).toContain("it does not answer any more");
  bench.mend();
  await room.running();

  // At once: no time passes here.
  await untilShown(bench, 51);
  expect(openings()).toBeGreaterThan(before);
}, 60_000);

/** What this process has open of ttys. */
async function openDescriptors(): Promise<readonly string[]> {
  const targets = await Promise.all(
    (await readdir("/proc/self/fd")).map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")),
  );
  return targets.filter((target) => /\/dev\/(?:pts|tty)/u.test(target)).toSorted();
}
