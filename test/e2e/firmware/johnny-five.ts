// johnny-five, as little of it as the tests use. It brings no types, and neither does firmata-io.

import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { openTty } from "@interactor/agent/serial-line/tty.ts";

interface Emitter {
  on(event: string, listener: (value: number) => void): void;
  once(event: string, listener: () => void): void;
}

interface Board {
  readonly io: unknown;
}

interface Reading extends Emitter {
  readonly value: number;
}

/** The classes that our boards have to carry. */
interface JohnnyFive {
  readonly Board: new (options: object) => Board & Emitter;
  readonly Sensor: new (options: object) => Reading;
  readonly Proximity: new (options: object) => Emitter & { readonly centimeters: number };
  readonly Motion: new (options: object) => Emitter;
  readonly Button: new (options: object) => Emitter;
  readonly Switch: new (options: object) => Emitter;
  readonly Servo: new (options: object) => { to(degrees: number): void; stop(): void };
  readonly Relay: new (options: object) => { close(): void; open(): void };
  readonly Led: new (options: object) => { on(): void; off(): void; brightness(level: number): void };
  readonly IMU: new (options: object) => Emitter & {
    readonly accelerometer: { readonly x: number; readonly y: number; readonly z: number };
    readonly thermometer: { readonly celsius: number };
  };
  readonly Thermometer: new (options: object) => Emitter & { readonly celsius: number };
  readonly Stepper: (new (options: object) => StepperMotor) & { readonly TYPE: { readonly DRIVER: number } };
}

interface StepperMotor {
  rpm(rpm: number): StepperMotor;
  direction(direction: 0 | 1): StepperMotor;
  /** In 0.01 rad/s². */
  accel(accel: number): StepperMotor;
  decel(decel: number): StepperMotor;
  step(steps: number, done: () => void): void;
}

interface FirmataModule {
  readonly Firmata: new (
    transport: EventEmitter,
    options: object,
  ) => Emitter & {
    readonly firmware: { readonly name: string };
    sysexCommand(bytes: readonly number[]): void;
  };
}

const require = createRequire(import.meta.url);
const firmata: FirmataModule = require("firmata-io");
export const five: JohnnyFive = require("johnny-five");

type Firmata = InstanceType<FirmataModule["Firmata"]>;

export interface OpenBoard extends AsyncDisposable {
  readonly board: Board;
  readonly io: Firmata;
}

/** Resolves when johnny-five says that the board is ready. */
export async function openBoard(path: string): Promise<OpenBoard> {
  const transport = new EventEmitter();
  const tty = await openTty(
    { path, baudRate: 57_600, dataBits: 8, stopBits: 1, parity: "none" },
    { received: (bytes) => transport.emit("data", Buffer.from(bytes)), ended: () => transport.emit("close") },
  );
  Object.assign(transport, { write: (bytes: Uint8Array) => tty.write(Uint8Array.from(bytes)) });
  const io = new firmata.Firmata(transport, { reportVersionTimeout: 100 });
  await ready(io);
  const board = new five.Board({ io, repl: false, debug: false, sigint: false });
  await ready(board);
  return { board, io, [Symbol.asyncDispose]: () => tty.close() };
}

function ready(emitter: Emitter): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  emitter.once("ready", resolve);
  return promise;
}
