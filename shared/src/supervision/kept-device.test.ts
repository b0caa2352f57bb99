import { expect, test } from "vitest";
import { seededRandom } from "../kernel/random.ts";
import { seconds } from "../kernel/units.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { type DeviceReports, deviceMissing, KeptDevice } from "./kept-device.ts";

/** A socket in the wall with a device that can be plugged in, pulled and made slow. */
class Socket {
  isPluggedIn = true;
  isBroken = false;
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
