import { describe, expect, test } from "vitest";
import { seededRandom } from "../kernel/random.ts";
import { millis, type Millis, seconds } from "../kernel/units.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { type DeviceReports, deviceMissing, KeptDevice, selfTestLongest } from "./kept-device.ts";

/** A socket in the wall with a device that can be plugged in, pulled and made slow. */
class Socket {
  isPluggedIn = true;
  isBroken = false;
  /** It opens, as a bus does, with nobody on it. */
  isEmpty = false;
  log: string[] = [];
  opened = 0;
  reports: DeviceReports | undefined;
  /** Opening and closing wait for it. */
  gate: Promise<void> = Promise.resolve();

  async open(reports: DeviceReports): Promise<number> {
    const handle = (this.opened += 1);
    this.log.push(`open ${handle}`);
    await this.gate;
    if (!this.isPluggedIn) throw deviceMissing("plug it in");
    this.reports = reports;
    return handle;
  }

  async greet(handle: number): Promise<void> {
    if (this.isEmpty) throw deviceMissing("nobody answers");
    if (this.isBroken) throw new Error("it speaks another language");
    this.log.push(`greet ${handle}`);
  }

  async close(handle: number): Promise<void> {
    await this.gate;
    this.log.push(`close ${handle}`);
  }
}

function keep(socket: Socket) {
  const clock = new VirtualClock();
  const states: string[] = [];
  const device = new KeptDevice({ clock, random: seededRandom(1) }, socket, {
    changed: ({ kind }, complaint) =>
      void states.push(complaint === undefined ? kind : `${kind}: ${complaint}`),
  });
  device.start();
  return { clock, states, device };
}

/** Lets everything happen that waits for nothing but its turn. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

test("a device that is pulled and plugged in again is in use again", async () => {
  const socket = new Socket();
  const { clock, states, device } = keep(socket);
  await settle();
  expect(device.handle).toBe(1);

  socket.isPluggedIn = false;
  socket.reports?.failed("hung up");
  expect(device.handle).toBeUndefined();
  await settle();
  clock.advance(seconds(1));
  await settle();
  socket.isPluggedIn = true;
  device.appeared();
  await settle();

  expect(device.handle).toBe(3);
  expect(states).toEqual([
    "opening",
    "handshaking",
    "ready",
    "lost: hung up",
    "opening",
    "absent: plug it in",
    "opening",
    "handshaking",
    "ready",
  ]);
  expect(socket.log).toEqual(["open 1", "greet 1", "close 1", "open 2", "open 3", "greet 3"]);
  await device.stop();
});

test("what answers wrongly is closed and never used", async () => {
  const socket = new Socket();
  socket.isBroken = true;
  const { states, device } = keep(socket);
  await settle();

  expect(device.handle).toBeUndefined();
  expect(states.at(-1)).toBe("lost: it speaks another language");
  expect(socket.log).toEqual(["open 1", "close 1"]);
  await device.stop();
});

test("what can be opened but has nobody to answer is absent, and closed", async () => {
  const socket = new Socket();
  socket.isEmpty = true;
  const { states } = keep(socket);
  await settle();

  expect(states.at(-1)).toBe("absent: nobody answers");
  expect(socket.log).toEqual(["open 1", "close 1"]);
});

test("what opens after its deadline is closed before it is tried again", async () => {
  const socket = new Socket();
  const gate = Promise.withResolvers<void>();
  socket.gate = gate.promise;
  const { clock, states, device } = keep(socket);
  await settle();

  clock.advance(seconds(11));
  await settle();
  expect(states.at(-1)).toBe("opening");
  gate.resolve();
  await settle();

  expect(socket.log).toEqual(["open 1", "close 1", "open 2", "greet 2"]);
  expect(device.handle).toBe(2);
  await device.stop();
});

test.each([0, 1, 2, 3, 5, 20])(
  "stopped after %i turns of its opening it leaves nothing open",
  async (turns) => {
    const socket = new Socket();
    const { device } = keep(socket);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();

    await device.stop();
    const log = [...socket.log];
    await settle();

    expect(socket.log).toEqual(log);
    expect(log.filter((line) => line.startsWith("close")).length).toBe(socket.opened);
    expect(device.handle).toBeUndefined();
  },
);

test("what a closed one still says is not listened to", async () => {
  const socket = new Socket();
  const { states, device } = keep(socket);
  await settle();
  const old = socket.reports;
  old?.failed("hung up");
  device.appeared();
  await settle();
  const before = states.length;

  old?.failed("again");
  old?.worse("and again");

  expect(states.length).toBe(before);
  expect(old?.signal.aborted).toBe(true);
  await device.stop();
});

test("after 200 pulls at any moment one is open, and after the stop none", async () => {
  const socket = new Socket();
  const { clock, device } = keep(socket);
  const chance = seededRandom(7);
  const left = (): number => {
    const count = (word: string): number => socket.log.filter((line) => line.startsWith(word)).length;
    return count("open") - count("close");
  };

  for (let cycle = 0; cycle < 200; cycle += 1) {
    for (let turn = chance.next() * 12; turn > 0; turn -= 1) await Promise.resolve();
    socket.reports?.failed("pulled");
    clock.advance(seconds(chance.next() * 100));
    expect(left()).toBeLessThanOrEqual(1);
  }
  for (let passed = 0; passed < 100; passed += 1) {
    clock.advance(seconds(1));
    await settle();
  }
  expect(device.state.kind).toBe("ready");
  expect(socket.opened).toBeGreaterThan(20);
  await device.stop();

  expect(left()).toBe(0);
});

describe("a self-test", () => {
  test("has nothing to say of what is ready, and of what is not there", async () => {
    const socket = new Socket();
    const { device } = keep(socket);
    const asked = device.selfTest();
    await settle();
    expect(await asked).toBeUndefined();

    const empty = new Socket();
    empty.isPluggedIn = false;
    const absent = keep(empty);
    const askedInVain = absent.device.selfTest();
    await settle();
    expect(await askedInVain).toBeUndefined();
  });

  test("says what is wrong with one that fails until its time is over", async () => {
    const socket = new Socket();
    socket.isBroken = true;
    const { device, clock } = keep(socket);
    const asked = device.selfTest();

    await pass(clock, selfTestLongest);

    expect(await asked).toBe("it speaks another language");
  });

  test("is over at once when another try succeeds", async () => {
    const socket = new Socket();
    socket.isBroken = true;
    const { device, clock } = keep(socket);
    const asked = device.selfTest();
    await settle();
    socket.isBroken = false;

    await pass(clock, seconds(2));

    expect(await asked).toBeUndefined();
  });

  test("tells of what works badly and does not become well", async () => {
    const socket = new Socket();
    const { device, clock } = keep(socket);
    await settle();
    socket.reports?.worse("every second reading fails");
    const asked = device.selfTest();

    await pass(clock, selfTestLongest);

    expect(await asked).toBe("it works badly: every second reading fails");
  });

  test("of one that is stopped meanwhile says nothing", async () => {
    const socket = new Socket();
    socket.isBroken = true;
    const { device } = keep(socket);
    const asked = device.selfTest();
    await settle();

    await device.stop();

    expect(await asked).toBeUndefined();
  });
});

/** Lets time go by in small steps, and everything happen that it lets happen. */
async function pass(clock: VirtualClock, span: number): Promise<void> {
  for (let passed = 0; passed < span; passed += 100) {
    clock.advance(millis(100));
    await settle();
  }
}

test("what fails always is tried at once when something else is plugged in in its place, and only then", async () => {
  const socket = new Socket();
  socket.isBroken = true;
  let plugged: string | undefined = "broken board";
  const clock = new VirtualClock();
  const shell = { clock, random: seededRandom(1) };
  const driver = {
    open: (reports: DeviceReports) => socket.open(reports),
    greet: (handle: number) => socket.greet(handle),
    close: (handle: number) => socket.close(handle),
    present: async () => plugged,
  };
  const device = new KeptDevice(shell, driver, { changed: () => undefined });
  const pass = async (span: Millis): Promise<void> => {
    for (let passed = 0; passed < span; passed += 500) {
      clock.advance(millis(500));
      await settle();
    }
  };
  device.start();
  await settle();
  for (let count = 0; device.state.kind !== "lost" || !device.state.failsAlways; count += 1) {
    expect(count).toBeLessThan(200);
    await pass(seconds(1));
  }
  const tries = socket.opened;
  await pass(seconds(10));
  expect(socket.opened).toBe(tries);

  plugged = undefined;
  await pass(seconds(5));
  expect(socket.opened).toBe(tries);
  plugged = "new board";
  socket.isBroken = false;
  await pass(seconds(1.5));

  expect([socket.opened, device.state.kind]).toEqual([tries + 1, "ready"]);
  await device.stop();
});
