/** What hangs on the pins of a board, as johnny-five's classes: values come out of some, values go into others. */
import type { EventEmitter } from "node:events";
import { unreachable } from "@interactor/shared/sdk/define-module";
import type { Firmata } from "firmata-io";
import five, { type Board } from "johnny-five";
import { type ServoInput, type ServoWay, wayOf } from "./beyond.ts";
import type { Runs } from "../../flashing/ask-board.ts";
import { contactSettle } from "./limits.ts";
import { type ImuOutput, listenToMotion, type OpenBoard } from "./motion-chip.ts";
import { type Motor, StepperWay } from "./stepper-way.ts";
import type { Input, Output, Settings } from "./settings.ts";

export type Take = (value: boolean | number) => void;

/** Where steppers stand, in steps, by input. One that is not named stands at 0. */
export type Places = Readonly<Record<string, number>>;

/** What is said of the devices. */
export interface Words {
  give(output: string, value: boolean | number): void;
  /** What this output gave last may not be true any more. */
  stale(output: string): void;
  /** A stepper rests there, or leaves from there. */
  moved(input: string, at: number, isMoving: boolean): void;
  /** A part does not work, and does again. */
  worse(part: string, words: string): void;
  well(part: string): void;
}

interface Given {
  readonly settings: Settings;
  readonly places: Places;
  readonly runs: Runs;
}

/** Sets every device up. Returns how each input is set. Throws when the board has not that pin, or cannot do that on it. */
export function setUp(
  open: OpenBoard,
  { settings: { outputs, inputs }, places, runs }: Given,
  words: Words,
): ReadonlyMap<string, Take> {
  const { board } = open;
  const motion: [string, ImuOutput][] = [];
  for (const [name, output] of Object.entries(outputs)) {
    if (output.device === "imu") motion.push([name, output]);
    else listen(open, output, (value) => words.give(name, value));
  }
  if (motion.length > 0) listenToMotion(open, motion, words);
  const others = Object.entries(inputs).flatMap(([name, input]): [string, Take][] => {
    if (input.device === "stepper") return [];
    if (input.device !== "servo") return [[name, takerFor(board, input)]];
    const way = wayOf(name, input, runs);
    const lack = typeof way === "string" ? way : way.lack;
    if (lack !== undefined) words.worse(name, lack);
    return typeof way === "string" ? [] : [[name, servoTaker(board, input, way)]];
  });
  return new Map([...others, ...stepperTakers(open, inputs, places, words)]);
}

/** A 10-bit converter. */
const sensorMost = 1023;

function listen(
  { board, io }: OpenBoard,
  output: Exclude<Output, ImuOutput>,
  give: (value: boolean | number) => void,
): void {
  switch (output.device) {
    case "sensor": {
      const sensor = new five.Sensor({ board, pin: output.pin, freq: output.freq });
      return void sensor.on("data", () => give((sensor.value ?? Number.NaN) / sensorMost));
    }
    case "proximity": {
      const { pin, freq, controller } = output;
      const proximity = new five.Proximity({ board, pin, freq, controller });
      return void proximity.on("data", () => give(proximity.centimeters));
    }
    case "thermometer": {
      const { pin, freq, controller } = output;
      const thermometer = new five.Thermometer({ board, pin, freq, controller });
      return void thermometer.on("data", () => give(thermometer.celsius));
    }
    case "motion": {
      const motion = new five.Motion({ board, pin: output.pin });
      // Where nothing moves it would say nothing at first, and its first word would be taken for how it was.
      motion.on("calibrated", () => give(motion.detectedMotion));
      motion.on("motionstart", () => give(true));
      return void motion.on("motionend", () => give(false));
    }
    case "button": {
      const { pin, pullup, debounce } = output;
      const button = new five.Button({ board, pin, isPullup: pullup, debounce });
      return listenToContact(io, { contact: button, on: "down", off: "up", isOn: () => button.isDown }, give);
    }
    case "switch": {
      const contact = new five.Switch({ board, pin: output.pin, invert: output.invert });
      return listenToContact(io, { contact, on: "close", off: "open", isOn: () => contact.isClosed }, give);
    }
    default:
      return unreachable(output);
  }
}

interface Contact {
  readonly contact: EventEmitter & { readonly pin: number };
  readonly on: string;
  readonly off: string;
  readonly isOn: () => boolean;
}

/** Says how it is as soon as the board has told, and then each change: whoever hears an edge knows what was before. */
function listenToContact(
  io: Firmata,
  { contact, on, off, isOn }: Contact,
  give: (value: boolean) => void,
): void {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
    give(isOn());
  };
  io.once(`digital-read-${contact.pin}`, () => setTimeout(settle, contactSettle));
  contact.on(on, () => isSettled && give(true));
  contact.on(off, () => isSettled && give(false));
}

const ledMost = 255;

function servoTaker(board: Board, { pin }: ServoInput, { pulses, pulseAt }: ServoWay): Take {
  // It is told pulses: johnny-five's way from degrees to them has whole numbers alone, and would go beyond the shortest.
  const ranges = { pwmRange: pulses, degreeRange: pulses, range: pulses };
  // Where it stands nobody knows; it moves when it is first told to.
  const servo = new five.Servo({ board, pin, ...ranges, startAt: undefined });
  return (value) => servo.to(pulseAt(Number(value)));
}

function takerFor(board: Board, input: Exclude<Input, { readonly device: "servo" | "stepper" }>): Take {
  switch (input.device) {
    case "relay": {
      const relay = new five.Relay({ board, pin: input.pin, type: input.contact });
      return (value) => (value === true ? relay.close() : relay.open());
    }
    case "led": {
      const led = new five.Led({ board, pin: input.pin });
      return (value) => (value === true ? led.on() : led.off());
    }
    case "dimmed-led": {
      const led = new five.Led({ board, pin: input.pin });
      return (value) => led.brightness(Math.round(Number(value) * ledMost));
    }
    default:
      return unreachable(input);
  }
}

/** Nothing: 0, which is at once. */
const hundredthsOfRadian = (degrees: number | undefined): number =>
  degrees === undefined ? 0 : Math.max(1, Math.round((degrees * Math.PI * 100) / 180));

const stepperStop = 0x02;

/** Each motor's way, by the number that johnny-five gives it: they are counted as they are made. */
function stepperTakers(
  open: OpenBoard,
  inputs: Settings["inputs"],
  places: Places,
  words: Words,
): [string, Take][] {
  const steppers = Object.entries(inputs).flatMap(([name, input]) =>
    input.device === "stepper" ? [{ name, input }] : [],
  );
  const ways = steppers.map(({ name, input }, motor) =>
    stepperWay(open, { motor, input, at: places[name] ?? 0 }, (at, isMoving) =>
      words.moved(name, at, isMoving),
    ),
  );
  if (ways.length > 0)
    open.io.sysexResponse(stepperStop, ([motor = -1, low = 0, middle = 0, high = 0]) =>
      ways[motor]?.spared(low | (middle << 7) | (high << 14)),
    );
  return steppers.map(({ name, input: { stepsPerTurn } }, motor) => [
    name,
    (value) => ways[motor]?.aim(Math.round((Number(value) / 360) * stepsPerTurn)),
  ]);
}

interface Stepper {
  readonly motor: number;
  readonly input: Input & { readonly device: "stepper" };
  readonly at: number;
}

function stepperWay(
  { board, io }: OpenBoard,
  { motor, input, at }: Stepper,
  tell: Motor["tell"],
): StepperWay {
  const { step, direction, stepsPerTurn, rpm, acceleration, deceleration = acceleration } = input;
  const stepper = new five.Stepper({
    board,
    type: five.Stepper.TYPE.DRIVER,
    stepsPerRev: stepsPerTurn,
    pins: { step, dir: direction },
  });
  const way: StepperWay = new StepperWay(at, {
    turn(steps) {
      stepper
        .rpm(rpm)
        .accel(hundredthsOfRadian(acceleration))
        .decel(hundredthsOfRadian(deceleration))
        .direction(steps > 0 ? 1 : 0)
        .step(Math.abs(steps), () => way.arrived());
    },
    // Other firmware passes it over, and goes on to the end.
    brake: () => io.sysexCommand([stepperStop, motor]),
    tell,
  });
  return way;
}
