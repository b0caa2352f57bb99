/** As much of two packages without types as is used here. */
declare module "johnny-five" {
  import type { EventEmitter } from "node:events";

  class Device extends EventEmitter {
    constructor(options: object);
  }
  export class Board extends Device {}
  export class Sensor extends Device {
    readonly value: number | null;
  }
  export class Proximity extends Device {
    readonly centimeters: number;
  }
  export class Thermometer extends Device {
    readonly celsius: number;
  }
  export class Motion extends Device {
    readonly detectedMotion: boolean;
  }
  export class Button extends Device {
    readonly pin: number;
    readonly isDown: boolean;
  }
  export class Switch extends Device {
    readonly pin: number;
    readonly isClosed: boolean;
  }
  export class IMU extends Device {
    readonly accelerometer: EventEmitter & { readonly x: number; readonly y: number; readonly z: number };
    readonly gyro: { readonly rate: { readonly x: number; readonly y: number; readonly z: number } };
    readonly thermometer: { readonly celsius: number };
  }
  export class Servo extends Device {
    /** Degrees of its `degreeRange`. */
    to(degrees: number): void;
  }
  export class Relay extends Device {
    close(): void;
    open(): void;
  }
  export class Led extends Device {
    on(): void;
    off(): void;
    brightness(level: number): void;
  }
  export class Stepper extends Device {
    static readonly TYPE: { readonly DRIVER: number };
    rpm(rpm: number): Stepper;
    direction(direction: 0 | 1): Stepper;
    /** In 0.01 rad/s². */
    accel(accel: number): Stepper;
    decel(decel: number): Stepper;
    step(steps: number, done: () => void): void;
  }
  const five: {
    readonly Board: typeof Board;
    readonly Sensor: typeof Sensor;
    readonly Proximity: typeof Proximity;
    readonly Thermometer: typeof Thermometer;
    readonly Motion: typeof Motion;
    readonly Button: typeof Button;
    readonly Switch: typeof Switch;
    readonly IMU: typeof IMU;
    readonly Servo: typeof Servo;
    readonly Relay: typeof Relay;
    readonly Led: typeof Led;
    readonly Stepper: typeof Stepper;
  };
  export default five;
}

declare module "firmata-io" {
  import type { EventEmitter } from "node:events";

  export class Firmata extends EventEmitter {
    constructor(transport: EventEmitter, options: object);
    readonly firmware: {
      readonly name?: string;
      readonly version?: { readonly major: number; readonly minor: number };
    };
    sysexCommand(bytes: readonly number[]): void;
    sysexResponse(command: number, handler: (bytes: readonly number[]) => void): void;
    i2cWrite(address: number, bytes: readonly number[]): void;
  }
  const firmata: { readonly Firmata: typeof Firmata };
  export default firmata;
}
