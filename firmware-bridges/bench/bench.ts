/**
 * Firmware that runs on an emulated AVR, as a test sees it: it is told what the world does and hears what the pins do.
 * All times are simulated, in microseconds since power on.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Chip } from "./build.ts";

export interface BenchOptions {
  /** The bench itself, of `buildBench`. */
  readonly program: string;
  readonly chip: Chip;
  /** Hex file; without it the flash is empty. */
  readonly firmware?: string;
  /** Hex file of a bootloader, where the chip then starts. */
  readonly bootloader?: string;
  /** Path of the link to the serial line. */
  readonly line: string;
  /** Opening the line, or changing its speed, resets the chip, as DTR does on an Arduino. */
  readonly resetsOnOpen?: boolean;
  readonly hasDmx?: boolean;
}

export type BenchEvent =
  | { readonly kind: "pin"; readonly pin: string; readonly level: number; readonly at: number }
  | { readonly kind: "pwm"; readonly channel: string; readonly level: number; readonly at: number }
  | { readonly kind: "dmx"; readonly frame: DmxFrame; readonly at: number }
  | { readonly kind: "dmx-fault"; readonly words: string }
  | {
      readonly kind: "i2c";
      readonly address: number;
      readonly register: number;
      readonly value: number;
      readonly at: number;
    }
  | {
      readonly kind: "counts";
      readonly received: number;
      readonly sent: number;
      readonly overruns: number;
      readonly discarded: number;
    }
  | { readonly kind: "host"; readonly isOpen: boolean; readonly at: number }
  /** A device that held SDA has let go of it. */
  | { readonly kind: "i2c-free"; readonly at: number }
  | { readonly kind: "reset"; readonly at: number }
  | { readonly kind: "alarm"; readonly at: number }
  | { readonly kind: "now"; readonly at: number };

export interface DmxFrame {
  readonly breakMicros: number;
  /** Mark after break. */
  readonly markMicros: number;
  /** From the break before to this one. */
  readonly periodMicros: number;
  readonly startCode: number;
  /** Slot 1 first. */
  readonly slots: Uint8Array;
}

/** Events that are kept. More: the oldest half is evicted; a test that long looks at them as they come. */
const eventsMax = 200_000;
/** A bench that says nothing new for this long has failed its test: report. Wall clock, and generous. */
const silenceMillisMax = 60_000;

export class FirmwareBench implements AsyncDisposable {
  readonly line: string;
  readonly process: ChildProcess;
  /** Oldest first. */
  readonly events: BenchEvent[] = [];
  readonly #listeners = new Set<(event: BenchEvent) => void>();
  readonly #failures = new Set<(error: Error) => void>();
  readonly #ended: Promise<unknown>;
  #words = "";
  #slots = new Uint8Array();

  private constructor(process: ChildProcess, line: string) {
    this.process = process;
    this.line = line;
    this.#ended = once(process, "exit");
    process.once("exit", () => {
      for (const fail of this.#failures) fail(new Error(`the bench ended: ${this.#words}`));
    });
    process.stderr?.on("data", (chunk: Buffer) => {
      this.#words += chunk.toString();
    });
    // A command to a bench that was just ended.
    process.stdin?.on("error", () => undefined);
  }

  static async start(options: BenchOptions): Promise<FirmwareBench> {
    const words = ["-m", options.chip, "-p", options.line];
    if (options.bootloader !== undefined) words.push("-b", options.bootloader);
    if (options.resetsOnOpen === true) words.push("-o");
    if (options.hasDmx === true) words.push("-d");
    if (options.firmware !== undefined) words.push(options.firmware);
    const process = spawn(options.program, words, { stdio: ["pipe", "pipe", "pipe"] });
    const bench = new FirmwareBench(process, options.line);
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    bench.#failures.add(reject);
    createInterface({ input: process.stdout }).on("line", (line) => {
      if (line === "ready") resolve();
      else bench.#take(line);
    });
    await ready;
    bench.#failures.delete(reject);
    return bench;
  }

  /** A voltage at an analog input. */
  setVoltage(channel: number, volts: number): void {
    this.#say(`adc ${channel} ${Math.round(volts * 1000)}`);
  }

  /** What the world puts on a pin, such as `D7`. */
  drive(pin: string, level: 0 | 1): void {
    this.#say(`pin ${pin} ${level}`);
  }

  /** Edges of this pin are events from now on, beginning with its level now. */
  watch(...pins: readonly string[]): void {
    for (const pin of pins) this.#say(`watch ${pin}`);
  }

  /** Makes a device on the I2C bus, or writes into its registers. */
  setRegisters(address: number, register: number, bytes: readonly number[]): void {
    const words = [address, register, ...bytes].map((each) => each.toString(16));
    this.#say(`i2c ${words.join(" ")}`);
  }

  /** The plug of a device on the I2C bus is pulled. */
  removeDevice(address: number): void {
    this.#say(`i2c-gone ${address.toString(16)}`);
  }

  /** A device keeps SDA low, as one that was cut off within a byte, until it has had so many clocks. */
  holdBus(clocks: number): void {
    this.#say(`i2c-hold ${clocks}`);
  }

  /** As the pin RESET does. */
  reset(): void {
    this.#say("reset");
  }

  cyclePower(): void {
    this.#say("power");
  }

  /** Host and chip hear nothing of each other, though the line stays open. */
  cut(): void {
    this.#say("cut");
  }

  mend(): void {
    this.#say("mend");
  }

  /** From now on time moves only while `elapse` waits, and then as fast as it can: however slow the host, it is in time. */
  step(): void {
    this.#say("step");
  }

  /** A desk sends this on the DMX line, over and over; `undefined`: it is silent. The start code comes first. */
  feed(bytes: Uint8Array | undefined, periodMicros = 25_000): void {
    this.#say(`feed ${bytes === undefined ? 0 : periodMicros} ${Buffer.from(bytes ?? []).toString("hex")}`);
  }

  async now(): Promise<number> {
    const answer = this.next("now");
    this.#say("now");
    return (await answer).at;
  }

  async counts(): Promise<Extract<BenchEvent, { kind: "counts" }>> {
    const answer = this.next("counts");
    this.#say("counts");
    return answer;
  }

  /** Resolves when so much simulated time has passed, and gives the time it is then. One at a time. */
  async elapse(micros: number): Promise<number> {
    const answer = this.next("alarm", () => true, Number.POSITIVE_INFINITY);
    this.#say(`alarm ${Math.round(micros)}`);
    return (await answer).at;
  }

  /** The next event of this kind that fits. */
  async next<Kind extends BenchEvent["kind"]>(
    kind: Kind,
    fits: (event: Extract<BenchEvent, { kind: Kind }>) => boolean = () => true,
    patienceMillis = silenceMillisMax,
  ): Promise<Extract<BenchEvent, { kind: Kind }>> {
    const { promise, resolve, reject } = Promise.withResolvers<Extract<BenchEvent, { kind: Kind }>>();
    const listener = (event: BenchEvent): void => {
      if (isOfKind(event, kind) && fits(event)) resolve(event);
    };
    const patience = Number.isFinite(patienceMillis)
      ? setTimeout(() => reject(new Error(`no ${kind} came`)), patienceMillis)
      : undefined;
    this.#listeners.add(listener);
    this.#failures.add(reject);
    try {
      return await promise;
    } finally {
      this.#listeners.delete(listener);
      this.#failures.delete(reject);
      clearTimeout(patience);
    }
  }

  ofKind<Kind extends BenchEvent["kind"]>(kind: Kind): readonly Extract<BenchEvent, { kind: Kind }>[] {
    return this.events.filter((event) => isOfKind(event, kind));
  }

  /** How long each pulse on a watched pin was, in microseconds. */
  pulses(pin: string): readonly number[] {
    const edges = this.ofKind("pin").filter((event) => event.pin === pin);
    return edges.flatMap((edge, index) => {
      const next = edges[index + 1];
      return edge.level === 1 && next?.level === 0 ? [next.at - edge.at] : [];
    });
  }

  /** Pulls the plug: the line is gone from one instruction to the next. */
  async unplug(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug();
  }

  #say(command: string): void {
    this.process.stdin?.write(`${command}\n`);
  }

  #take(line: string): void {
    const event = this.#read(line.split(" "));
    if (event === undefined) return;
    if (this.events.length >= eventsMax) this.events.splice(0, eventsMax / 2);
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  #read([kind = "", ...words]: readonly string[]): BenchEvent | undefined {
    const [first = "", second = "", third = "", fourth = ""] = words;
    switch (kind) {
      case "pin":
        return { kind, pin: first, level: Number(second), at: Number(third) };
      case "pwm":
        return { kind, channel: first, level: Number(second), at: Number(third) };
      case "i2c":
        return {
          kind,
          address: Number.parseInt(first, 16),
          register: Number.parseInt(second, 16),
          value: Number.parseInt(third, 16),
          at: Number(fourth),
        };
      case "host":
        return { kind, isOpen: first === "opened", at: Number(second) };
      case "i2c-free":
      case "reset":
      case "alarm":
      case "now":
        return { kind, at: Number(first) };
      case "counts": {
        const [, received, , sent, , overruns, , discarded] = words.map(Number);
        return {
          kind,
          received: received ?? 0,
          sent: sent ?? 0,
          overruns: overruns ?? 0,
          discarded: discarded ?? 0,
        };
      }
      case "dmx":
        return { kind, frame: this.#readFrame(words), at: Number(first) };
      case "dmx-fault":
        return { kind, words: words.join(" ") };
      default:
        return undefined;
    }
  }

  #readFrame([, breakMicros, markMicros, periodMicros, , hex]: readonly string[]): DmxFrame {
    if (hex !== undefined && hex !== "=") this.#slots = Uint8Array.from(Buffer.from(hex, "hex"));
    return {
      breakMicros: Number(breakMicros),
      markMicros: Number(markMicros),
      periodMicros: Number(periodMicros),
      startCode: this.#slots[0] ?? 0,
      slots: this.#slots.subarray(1),
    };
  }
}

function isOfKind<Kind extends BenchEvent["kind"]>(
  event: BenchEvent,
  kind: Kind,
): event is Extract<BenchEvent, { kind: Kind }> {
  return event.kind === kind;
}
