// Runs inside the virtual machine, as its only program: the modules of the header and of MIDI on a real kernel, whose
// pins, bus and sound card are the kernel's own simulators. Each check says one line; whoever started the machine reads.

import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { openChip } from "@interactor/agent/modules/i2c/bus.ts";
import { definition as gpio } from "@interactor/agent/modules/gpio/module.ts";
import { definition as i2c } from "@interactor/agent/modules/i2c/module.ts";
import { definition as midi } from "@interactor/agent/modules/midi/module.ts";
import { definition as serial } from "@interactor/agent/modules/serial/module.ts";
import { newSteering, systemClock } from "@interactor/agent/src/adapters/clock-system.ts";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { marks } from "./marks.ts";
import { heldPin } from "./pin-holder.ts";
import { deviceMidi, makeGadget, midiName, plug, pull, serialNumber } from "./usb-gadget.ts";

const clock = systemClock(newSteering());
const tell = (mark: string, words: string): void => void process.stdout.write(`${mark} ${words}\n`);

const valuesOf = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map(({ value }) => value);
const lastOf = (bench: Bench, output: string) => valuesOf(bench, output).at(-1);
const stateOf = (bench: Bench): string => bench.states.at(-1) ?? "";

/** An emulated processor is slow: generous. */
const patienceMillis = 20_000;

/** The thread is held for so long, and an edge is seen by the kernel in the first half of it. */
const heldMillis = 1000;
/** The kernel's clock and ours are compared once for each batch of edges, in µs. */
const clockSlack = 5000;

async function check(words: string, bench: Bench, holds: () => boolean): Promise<void> {
  for (let waited = 0; waited < patienceMillis; waited += 50) {
    if (holds()) return tell(marks.passed, words);
    await sleep(50);
  }
  tell(marks.failed, `${words}: ${JSON.stringify([bench.states, bench.logged, bench.emitted.slice(-5)])}`);
}

async function part(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    tell(marks.failed, `${name}: ${messageOf(error)}`);
  }
}

await part("gpio", async () => {
  const line = simulatedHeader();
  const level = (pin: number): string => readFileSync(`${line(pin)}/value`, "utf8").trim();
  const pull = (pin: number, way: "up" | "down"): void => writeFileSync(`${line(pin)}/pull`, `pull-${way}`);
  const settings = {
    outputs: {
      button: { pin: 17, debounce: 0 },
      door: { pin: 22, pull: "down", activeLow: false, debounce: 5 },
    },
    inputs: { relay: { pin: 27 }, lock: { pin: 5, stop: true, activeLow: true } },
  };
  const bench = await startOnBench(gpio, settings, { clock });
  await check("gpio: the header of a Pi 5 is found by its label", bench, () => stateOf(bench) === "running");
  await check("gpio: an output has its first level", bench, () => level(27) === "0" && level(5) === "0");
  bench.apply("relay", true);
  bench.apply("lock", false);
  await check(
    "gpio: outputs are set, one of them upside down",
    bench,
    () => level(27) === "1" && level(5) === "1",
  );
  pull(17, "down");
  await check("gpio: a falling edge presses a button", bench, () => lastOf(bench, "button") === true);
  pull(17, "up");
  await check("gpio: a rising edge lets it go", bench, () => lastOf(bench, "button") === false);
  pull(22, "up");
  await check("gpio: a debounced edge comes", bench, () => lastOf(bench, "door") === true);
  const other = await startOnBench(gpio, { outputs: { same: { pin: 17 } } }, { clock });
  await check("gpio: a pin that is taken is EBUSY", other, () => stateOf(other).includes("another program"));
  await other.stop();
  const before = valuesOf(bench, "button").length;
  for (let count = 0; count < 300; count += 1) pull(17, count % 2 === 0 ? "down" : "up");
  await check("gpio: of 300 edges in a row none is lost", bench, () => {
    return valuesOf(bench, "button").length === before + 300 && lastOf(bench, "edges-lost") === 0;
  });
  await bench.stop();
  await pinOfDeadThread(level);
});

/** A thread that dies leaves its lines taken, at their level: the next life has them all the same. */
async function pinOfDeadThread(level: (pin: number) => string): Promise<void> {
  const holder = new Worker(new URL("pin-holder.mjs", import.meta.url));
  await once(holder, "message");
  const settings = { inputs: { relay: { pin: heldPin, stop: false } } };
  const beside = await startOnBench(gpio, settings, { clock });
  await check("gpio: the pin of a thread that lives is not taken", beside, () =>
    stateOf(beside).includes("another program"),
  );
  await beside.stop();
  await holder.terminate();
  const next = await startOnBench(gpio, settings, { clock });
  await check("gpio: the pin of a thread that died is had again", next, () => stateOf(next) === "running");
  await check("gpio: and has the level that is asked for", next, () => level(heldPin) === "0");
  await next.stop();
}

await part("gpio-time", async () => {
  const line = simulatedHeader("clock", "pinctrl-clock");
  const pull = (way: "up" | "down"): void => writeFileSync(`${line(4)}/pull`, `pull-${way}`);
  const settings = {
    chip: "pinctrl-clock",
    outputs: { beat: { pin: 4, pull: "down", activeLow: false, debounce: 0 } },
  };
  const bench = await startOnBench(gpio, settings, { clock });
  await check("gpio-time: the chip is found by its label", bench, () => stateOf(bench) === "running");
  const stamps = (): readonly number[] =>
    bench.emitted.filter(({ output }) => output === "beat").map(({ emission }) => emission?.at ?? 0);
  const known = stamps().length;
  // While this thread has no turn nobody can stamp anything here: what lies within is the kernel's.
  const moments = [clock.wall()];
  for (const way of ["up", "down", "up"] as const) {
    pull(way);
    busyFor(heldMillis);
    moments.push(clock.wall());
  }
  await check("gpio-time: three edges come when the thread has its turn", bench, () => {
    return stamps().length === known + 3;
  });
  const found = stamps().slice(known);
  const isWithin = found.every((at, index) => {
    const [before = 0, after = 0] = [moments[index], moments[index + 1]];
    return at >= before - clockSlack && at <= after - (heldMillis * 1000) / 2;
  });
  const words = `gpio-time: each is stamped when the kernel saw it, and not when it was read`;
  await check(
    `${words} (${found.map((at, index) => at - (moments[index] ?? 0)).join(", ")} µs)`,
    bench,
    () => isWithin,
  );
  await bench.stop();
});

function busyFor(span: number): void {
  for (const until = performance.now() + span; performance.now() < until;);
}

await part("pwm", async () => {
  const channel = (): string => {
    const all = readFileSync("/sys/kernel/debug/pwm", "utf8");
    return /pwm-0 .*/u.exec(all)?.[0] ?? all;
  };
  const says = (period: number, pulse: number) => () =>
    channel().includes("enabled") && channel().includes(`period: ${period} ns duty: ${pulse} ns`);
  const lamp = (frequency: number, stop: number) => ({
    inputs: { lamp: { type: "float", pwm: "0/0", frequency, stop } },
  });
  const bench = await startOnBench(gpio, lamp(1000, 0), { clock });
  await check("pwm: a channel that knows nothing is set up, and dark", bench, says(1_000_000, 0));
  bench.apply("lamp", 0.25);
  await check("pwm: a quarter of the period", bench, says(1_000_000, 250_000));
  bench.apply("lamp", 1);
  await check("pwm: all of it", bench, says(1_000_000, 1_000_000));
  for (let step = 0; step <= 200; step += 1) bench.apply("lamp", step / 400);
  await check("pwm: of many levels in a row the last is left", bench, says(1_000_000, 500_000));
  await bench.stop();
  // Its pulse was longer than the whole period that comes now.
  const faster = await startOnBench(gpio, lamp(10_000, 0.1), { clock });
  await check("pwm: a shorter period, and its stop value", faster, says(100_000, 10_000));
  await faster.stop();
});

/** A chip of 54 lines that says it is the header of a Pi 5. Returns where the kernel shows a line. */
function simulatedHeader(name = "header", label = "pinctrl-rp1"): (pin: number) => string {
  const config = `/sys/kernel/config/gpio-sim/${name}`;
  mkdirSync(config);
  mkdirSync(`${config}/bank0`);
  writeFileSync(`${config}/bank0/label`, label);
  writeFileSync(`${config}/bank0/num_lines`, "54");
  writeFileSync(`${config}/live`, "1");
  const [device, chip] = [`${config}/dev_name`, `${config}/bank0/chip_name`].map((file) =>
    readFileSync(file, "utf8").trim(),
  );
  return (pin) => `/sys/devices/platform/${device}/${chip}/sim_gpio${pin}`;
}

await part("i2c", async () => {
  const stub = readdirSync("/sys/class/i2c-dev").find((name) =>
    readFileSync(`/sys/class/i2c-dev/${name}/name`, "utf8").includes("stub"),
  );
  const bus = Number(stub?.split("-")[1]);
  const chip = await openChip(bus, 0x68);
  chip.write(0x75, 0x68);
  chip.write(0x3b, 0, 0, 0, 0, 0x20, 0, 0xf0, 0xb0, 0, 0, 0, 0, 0, 0);
  chip.close();
  const bench = await startOnBench(i2c, { chip: "mpu6050", address: `${bus}/0x68`, every: 0.1 }, { clock });
  await check("i2c: an MPU-6050 is measured over SMBus", bench, () => lastOf(bench, "acceleration-z") === 1);
  await bench.stop();
  const none = await startOnBench(i2c, { chip: "bme280", address: `${bus}/0x77` }, { clock });
  await check("i2c: an address without a chip is told", none, () => stateOf(none).includes("nobody answers"));
  await none.stop();
});

await part("midi", async () => {
  const settings = {
    port: "VirMIDI 0-0",
    outputs: { key: { note: 60 }, fader: { controller: 7 } },
    inputs: { light: { note: 61 } },
  };
  const device = openSync("/dev/snd/midiC0D0", constants.O_RDWR | constants.O_NONBLOCK);
  const bench = await startOnBench(midi, settings, { clock });
  await check("midi: a port is found by its name", bench, () => stateOf(bench) === "running");
  writeSync(device, Uint8Array.of(0x90, 60, 100, 0xb0, 7, 127));
  await check("midi: a key and a fader give values", bench, () => {
    return lastOf(bench, "key") === true && lastOf(bench, "fader") === 1;
  });
  // It listens from the first time that somebody reads.
  const heard = [...waiting(device)];
  bench.apply("light", true);
  await check("midi: a value is a note for the device", bench, () => {
    heard.push(...waiting(device));
    return heard.join() === "144,61,127";
  });
  closeSync(device);
  await bench.stop();
});

await part("usb", async () => {
  makeGadget();
  const path = `/dev/serial/by-id/usb-Interactor_${serialNumber}-if00`;
  mkdirSync("/dev/serial/by-id", { recursive: true });
  symlinkSync("/dev/ttyACM0", path);
  const settings = { usb: serialNumber, format: "csv", outputs: { level: { type: "float", column: 1 } } };
  const bench = await startOnBench(serial, settings, { clock });
  await check("usb: a serial line is there", bench, () => stateOf(bench) === "running");
  // What stands in front of the first line end may be half a line.
  const say = (level: number): void => {
    const far = openSync("/dev/ttyGS0", constants.O_WRONLY | constants.O_NOCTTY);
    writeSync(far, `\n${level}\n`);
    closeSync(far);
  };
  say(0);
  await check("usb: a line gives a value", bench, () => lastOf(bench, "level") === 0);
  for (let time = 1; time <= 5; time += 1) {
    const pulledAt = performance.now();
    pull();
    await check(`usb: pulled out, it is lost (${time})`, bench, () => stateOf(bench).startsWith("waiting"));
    const took = performance.now() - pulledAt;
    tell(took < 1000 ? marks.passed : marks.failed, `usb: within a second (${took.toFixed(0)} ms)`);
    plug();
    await check(`usb: plugged in, it is there again (${time})`, bench, () => stateOf(bench) === "running");
    say(time);
    await check(`usb: and gives values (${time})`, bench, () => lastOf(bench, "level") === time);
  }
  await bench.stop();
});

await part("usb-midi", async () => {
  const settings = { port: midiName, outputs: { key: { note: 60 } } };
  const bench = await startOnBench(midi, settings, { clock });
  await check("usb-midi: a port is found", bench, () => stateOf(bench) === "running");
  const play = (...message: readonly number[]): void => {
    const device = openSync(deviceMidi(), constants.O_RDWR);
    writeSync(device, Uint8Array.from(message));
    closeSync(device);
  };
  play(0x90, 60, 100);
  await check("usb-midi: a key gives a value", bench, () => lastOf(bench, "key") === true);
  pull();
  await sleep(100);
  plug();
  await check("usb-midi: replugged before anybody looked, it is noticed", bench, () => {
    return bench.states.some((state) => state.startsWith("waiting")) && stateOf(bench) === "running";
  });
  play(0x80, 60, 0);
  await check("usb-midi: and gives values", bench, () => lastOf(bench, "key") === false);
  await bench.stop();
});

/** What a device has been sent and has not read. */
function waiting(device: number): Uint8Array {
  const buffer = new Uint8Array(64);
  try {
    return buffer.subarray(0, readSync(device, buffer));
  } catch {
    // Nothing yet.
    return buffer.subarray(0, 0);
  }
}

tell(marks.done, "");
process.exit(0);
