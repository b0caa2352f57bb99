/** What hangs on the pins of a board, as johnny-five's classes: values come out of some, values go into others. */
import { unreachable } from "@interactor/shared/sdk/define-module";
import five, { type Board } from "johnny-five";
import { type ImuOutput, listenToMotion, type OpenBoard } from "./motion-chip.ts";
import type { Input, Output, Settings } from "./settings.ts";

export type Take = (value: boolean | number) => void;

/** What is said of the devices. */
export interface Words {
  give(output: string, value: boolean | number): void;
  /** What this output gave last may not be true any more. */
  stale(output: string): void;
  worse(words: string): void;
  well(): void;
}

/** Sets every device up. Returns how each input is set. Throws when the board has not that pin, or cannot do that on it. */
export function setUp(
  open: OpenBoard,
  { outputs, inputs }: Settings,
  words: Words,
): ReadonlyMap<string, Take> {
  const { board } = open;
  const motion: [string, ImuOutput][] = [];
  for (const [name, output] of Object.entries(outputs)) {
    if (output.device === "imu") motion.push([name, output]);
    else listen(board, output, (value) => words.give(name, value));
  }
  if (motion.length > 0) listenToMotion(open, motion, words);
  return new Map(Object.entries(inputs).map(([name, input]) => [name, takerFor(board, input)]));
}

/** A 10-bit converter. */
const sensorMost = 1023;

function listen(
  board: Board,
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
      motion.on("motionstart", () => give(true));
      return void motion.on("motionend", () => give(false));
    }
    case "button": {
      const { pin, pullup, debounce } = output;
      const button = new five.Button({ board, pin, isPullup: pullup, debounce });
      button.on("down", () => give(true));
      return void button.on("up", () => give(false));
    }
    case "switch": {
      const contact = new five.Switch({ board, pin: output.pin, invert: output.invert });
      contact.on("close", () => give(true));
      return void contact.on("open", () => give(false));
    }
    default:
      return unreachable(output);
  }
}

const ledMost = 255;

function takerFor(board: Board, input: Input): Take {
  switch (input.device) {
    case "servo": {
      const { pin, pulses, min, max } = input;
      // A board wants the shorter pulse first.
      const pwmRange = pulses.toSorted((one, other) => one - other);
      const invert = pwmRange[0] !== pulses[0];
      // Where it stands nobody knows; it moves when it is first told to.
      const servo = new five.Servo({ board, pin, pwmRange, invert, range: [min, max], startAt: undefined });
      return (value) => servo.to(Number(value));
    }
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
    case "stepper":
      return stepperTaker(board, input);
    default:
      return unreachable(input);
  }
}

/** What one message carries. A longer way goes in several. */
const stepsMost = 2 ** 21 - 1;

/** Nothing: 0, which is at once. */
const hundredthsOfRadian = (degrees: number | undefined): number =>
  degrees === undefined ? 0 : Math.max(1, Math.round((degrees * Math.PI * 100) / 180));

/** It goes to the newest angle when it has come to the one before: steps that are under way cannot be called back. */
function stepperTaker(board: Board, input: Input & { readonly device: "stepper" }): Take {
  const { step, direction, stepsPerTurn, rpm, acceleration, deceleration = acceleration } = input;
  const stepper = new five.Stepper({
    board,
    type: five.Stepper.TYPE.DRIVER,
    stepsPerRev: stepsPerTurn,
    pins: { step, dir: direction },
  });
  let at = 0;
  let target = 0;
  let isMoving = false;
  const go = (): void => {
    const steps = Math.max(-stepsMost, Math.min(stepsMost, target - at));
    isMoving = steps !== 0;
    if (!isMoving) return;
    at += steps;
    stepper
      .rpm(rpm)
      .accel(hundredthsOfRadian(acceleration))
      .decel(hundredthsOfRadian(deceleration))
      .direction(steps > 0 ? 1 : 0)
      .step(Math.abs(steps), go);
  };
  return (value) => {
    target = Math.round((Number(value) / 360) * stepsPerTurn);
    if (!isMoving) go();
  };
}
