/**
 * Chips as their data sheets describe them, register by register, for tests: what they hold after power-up, what a
 * write does, how long a conversion takes. Written from the data sheets and not from the drivers.
 */
import type { Registers } from "./registers.ts";
import type { Trim } from "./bme280.ts";

export interface ChipModel extends Registers {
  /** Lets so many milliseconds go by. */
  pass(millis: number): void;
}

/** A chip of byte registers whose address counts up within a transfer. */
class ByteRegisters implements ChipModel {
  readonly held = new Uint8Array(256);
  #busyFor = 0;
  readonly #written: (register: number, value: number) => void;
  #done: () => void = () => {};

  constructor(written: (register: number, value: number) => void = () => {}) {
    this.#written = written;
  }

  read(register: number, length: number): Uint8Array {
    return this.held.slice(register, register + length);
  }

  write(register: number, ...bytes: readonly number[]): void {
    for (const [index, byte] of bytes.entries()) {
      this.held[register + index] = byte;
      this.#written(register + index, byte);
    }
  }

  /** After so long `done` happens. */
  begin(millis: number, done: () => void): void {
    this.#busyFor = millis;
    this.#done = done;
  }

  pass(millis: number): void {
    if (this.#busyFor <= 0) return;
    this.#busyFor -= millis;
    if (this.#busyFor <= 0) this.#done();
  }
}

export interface RawAir {
  readonly temperature: number;
  readonly pressure: number;
  readonly humidity: number;
}

/** BST-BME280-DS002: memory map of section 5.3, modes of section 3.3. */
export function bmeModel({ temperature, pressure, humidity }: Trim, raw: RawAir): ChipModel {
  const chip = new ByteRegisters((register, value) => {
    if (register === 0xe0 && value === 0xb6) reset();
    // Only with an oversampling of humidity that was written before.
    if (register === 0xf4 && (value & 0b11) === 0b01) chip.begin(9.2, () => finish(value));
    if (register === 0xf4 && (value & 0b11) !== 0) chip.held[0xf3] = 0b1000;
  });
  const finish = (control: number): void => {
    chip.held[0xf3] = 0;
    chip.held[0xf4] = control & ~0b11;
    const twenty = (value: number): readonly number[] => [
      value >> 12,
      (value >> 4) & 0xff,
      (value << 4) & 0xf0,
    ];
    const hasHumidity = ((chip.held[0xf2] ?? 0) & 0b111) !== 0;
    const wet = hasHumidity ? raw.humidity : 0x8000;
    chip.held.set([...twenty(raw.pressure), ...twenty(raw.temperature), wet >> 8, wet & 0xff], 0xf7);
  };
  const reset = (): void => {
    chip.held.fill(0);
    chip.held[0xd0] = 0x60;
    chip.held.set([0x80, 0, 0, 0x80, 0, 0, 0x80, 0], 0xf7);
    const words = [...temperature, ...pressure];
    const trimmed = new DataView(chip.held.buffer);
    for (const [index, word] of words.entries()) trimmed.setInt16(0x88 + 2 * index, word, true);
    const [h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0, h6 = 0] = humidity;
    chip.held[0xa1] = h1;
    trimmed.setInt16(0xe1, h2, true);
    // dig_H4 is E4 [11:4] and E5 [3:0], dig_H5 is E6 [11:4] and E5 [7:4].
    chip.held.set(
      [h3, (h4 >> 4) & 0xff, (h4 & 0x0f) | ((h5 & 0x0f) << 4), (h5 >> 4) & 0xff, h6 & 0xff],
      0xe3,
    );
    chip.held[0xf3] = 1;
    chip.begin(2, () => (chip.held[0xf3] = 0));
  };
  reset();
  return chip;
}

/** SBAS444: two registers of 16 bits, the multiplexer of table 8, one conversion 7.8 ms ± 10 %. */
export function adsModel(volts: Readonly<Record<string, number>>): ChipModel {
  const inputs = ["a0-a1", "a0-a3", "a1-a3", "a2-a3", "a0", "a1", "a2", "a3"];
  const scales = [6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256];
  let config = 0x8583;
  let conversion = 0;
  let busyFor = 0;
  const convert = (): void => {
    const scale = scales[(config >> 9) & 7] ?? 1;
    const value = volts[inputs[(config >> 12) & 7] ?? ""] ?? 0;
    conversion = Math.max(-32_768, Math.min(32_767, Math.round((value / scale) * 32_768)));
    config |= 0x8000;
  };
  return {
    read(register, length) {
      const value = register === 0 ? conversion : register === 1 ? config : 0;
      return Uint8Array.of((value >> 8) & 0xff, value & 0xff).slice(0, length);
    },
    write(register, high = 0, low = 0) {
      if (register !== 1) return;
      const written = (high << 8) | low;
      // A bit that starts a conversion when it is written, and says when it is read that none is going on.
      config = (written & 0x7fff) | ((written & 0x8000) === 0 ? 0x8000 : 0);
      if ((written & 0x8000) !== 0) busyFor = 8.6;
    },
    pass(millis) {
      if (busyFor <= 0) return;
      busyFor -= millis;
      if (busyFor <= 0) convert();
    },
  };
}

export interface RawMotion {
  readonly acceleration: readonly number[];
  readonly rotation: readonly number[];
  readonly temperature: number;
}

/** RM-MPU-6000A-00: asleep after power-up (section 4.28), full scales of sections 4.4 and 4.5. */
export function mpuModel({ acceleration, rotation, temperature }: RawMotion): ChipModel {
  const chip = new ByteRegisters((register, value) => {
    if (register === 0x6b && (value & 0x80) !== 0) reset();
    if (register === 0x1b || register === 0x1c || register === 0x6b) measure();
  });
  const view = new DataView(chip.held.buffer);
  const measure = (): void => {
    if (((chip.held[0x6b] ?? 0) & 0x40) !== 0) return;
    const perGravity = 16_384 >> (((chip.held[0x1c] ?? 0) >> 3) & 3);
    const perDegree = 131 / 2 ** (((chip.held[0x1b] ?? 0) >> 3) & 3);
    for (const [index, value] of acceleration.entries())
      view.setInt16(0x3b + 2 * index, Math.round(value * perGravity));
    view.setInt16(0x41, Math.round((temperature - 36.53) * 340));
    for (const [index, value] of rotation.entries())
      view.setInt16(0x43 + 2 * index, Math.round(value * perDegree));
  };
  const reset = (): void => {
    chip.held.fill(0);
    chip.held[0x75] = 0x68;
    chip.held[0x6b] = 0x40;
  };
  reset();
  return chip;
}

export interface VlFactory {
  /** Reference cells that work, a bit each. */
  readonly working: readonly number[];
  readonly count: number;
  readonly isAperture: boolean;
}

const vlFactory: VlFactory = { working: [0xff, 0xff, 0x7b, 0xff, 0xfe, 0xff], count: 5, isAperture: true };

/**
 * As ST's own program meets it: pages of registers, the stop variable and the factory's word of the cells on hidden ones, a
 * range after 33 ms. Without its reference calibration it is some centimetres wrong, and sees nothing with wrong cells.
 */
export const vlModel = (millimetres: number, factory = vlFactory): VlChip => new VlChip(millimetres, factory);

const vlStopVariable = 0x3c;

class VlChip implements ChipModel {
  readonly #pages = new Map<number, Uint8Array>();
  readonly #calibrated = new Set<"voltage" | "phase">();
  readonly #factory: VlFactory;
  #distance: number;
  #page = 0;
  #busy: { left: number; readonly done: () => void } | undefined;

  constructor(distance: number, factory: VlFactory) {
    this.#distance = distance;
    this.#factory = factory;
    this.#held(0)[0xc0] = 0xee;
    this.#held(0)[0x01] = 0xff;
    this.#held(1)[0x00] = 1;
    this.#held(1)[0x91] = vlStopVariable;
    this.#held(0).set(factory.working, 0xb0);
  }

  put(distance: number): void {
    this.#distance = distance;
  }

  read(register: number, length: number): Uint8Array {
    // Nothing is shown of the hidden pages while they are locked.
    const isShown = this.#page === 0 || this.#isOpen;
    return isShown ? this.#held(this.#page).slice(register, register + length) : new Uint8Array(length);
  }

  write(first: number, ...bytes: readonly number[]): void {
    for (const [index, value] of bytes.entries()) {
      const register = first + index;
      if (register === 0xff) this.#page = value;
      else this.#held(this.#page)[register] = value;
      if (this.#page === 0 && register === 0x00 && value !== 0) this.#start(value);
      if (this.#page === 0 && register === 0x0b) this.#held(0)[0x13] = 0;
      if (this.#page === 7 && register === 0x83 && value === 0) this.#tellFactory();
    }
  }

  pass(span: number): void {
    if (this.#busy === undefined) return;
    this.#busy.left -= span;
    const { left, done } = this.#busy;
    if (left > 0) return;
    this.#busy = undefined;
    done();
  }

  #held(page: number): Uint8Array {
    const found = this.#pages.get(page) ?? new Uint8Array(256);
    this.#pages.set(page, found);
    return found;
  }

  #byte(page: number, register: number): number {
    return this.#held(page)[register] ?? 0;
  }

  get #isOpen(): boolean {
    return this.#byte(0, 0x80) === 1 && this.#byte(1, 0x00) === 0;
  }

  get #areCellsRight(): boolean {
    const { working, count, isAperture } = this.#factory;
    const isIn = (cells: ArrayLike<number>, cell: number): boolean =>
      (((cells[cell >> 3] ?? 0) >> (cell & 7)) & 1) === 1;
    const chosen = this.#held(0).slice(0xb0, 0xb6);
    const on = [...Array(48).keys()].filter((cell) => isIn(chosen, cell));
    const isSelected =
      this.#byte(0, 0xb6) === 0xb4 && this.#byte(1, 0x4e) === 0x2c && this.#byte(1, 0x4f) === 0;
    const isKind = (cell: number): boolean => !isAperture || cell >= 12;
    return isSelected && on.length === count && on.every((cell) => isIn(working, cell) && isKind(cell));
  }

  #start(value: number): void {
    const sequence = this.#byte(0, 0x01);
    if (sequence === 0x01 && value === 0x41) this.#begin(4, () => this.#calibrated.add("voltage"));
    // The phase is found with the voltage that is right.
    else if (sequence === 0x02 && value === 0x01 && this.#calibrated.has("voltage"))
      this.#begin(4, () => this.#calibrated.add("phase"));
    else if (value === 0x01 && this.#byte(1, 0x91) === vlStopVariable) this.#begin(33, () => this.#range());
  }

  #begin(left: number, finish: () => void): void {
    this.#busy = {
      left,
      done: () => {
        finish();
        this.#held(0)[0x13] = 4;
      },
    };
  }

  #range(): void {
    const isSeen = this.#distance < 8190 && this.#areCellsRight;
    const told = isSeen && this.#calibrated.size < 2 ? this.#distance + 35 : this.#distance;
    this.#held(0)[0x00] = 0;
    this.#held(0)[0x14] = (isSeen ? 11 : 4) << 3;
    this.#held(0).set([told >> 8, told & 0xff], 0x1e);
  }

  #tellFactory(): void {
    const isAsked = this.#byte(7, 0x94) === 0x6b && this.#byte(7, 0x80) === 1 && this.#byte(7, 0x81) === 1;
    if (!isAsked || !this.#isOpen || (this.#byte(6, 0x83) & 4) === 0) return;
    const done = (): void => {
      this.#held(7)[0x83] = 0x10;
      this.#held(7)[0x92] = (this.#factory.isAperture ? 0x80 : 0) | this.#factory.count;
    };
    this.#busy = { left: 3, done };
  }
}
