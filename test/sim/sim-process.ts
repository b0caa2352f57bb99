/** One life of a program: it may be frozen and killed at any time, and its machine's clock be set. */
import type { Clock } from "@interactor/shared/kernel/clock";
import { type Instant, instant, type Micros, micros, type Millis } from "@interactor/shared/kernel/units";
import type { VirtualTime } from "./virtual-time.ts";

/** A computer: its clocks go on while programs on it come and go. */
export class Machine {
  readonly time: VirtualTime;
  /** By how much its wall clock is off the true time, in ms. */
  wallOffset: number;
  /** When it was switched on, in true time: its monotonic clock counts from there. */
  bootedAt: number;

  constructor(time: VirtualTime, wallOffset: number, bootedAt: number) {
    this.time = time;
    this.wallOffset = wallOffset;
    this.bootedAt = bootedAt;
  }
}

/** 2027-01-15T08:00:00Z, where every world begins. */
const worldBegan = 1_800_000_000_000;

export class SimProcess {
  readonly name: string;
  readonly machine: Machine;
  #isAlive = true;
  readonly #lastWords = new Set<() => void>();
  /** What happened while it was frozen; `undefined`: it is not. */
  #missed: (() => void)[] | undefined;

  constructor(name: string, machine: Machine) {
    this.name = name;
    this.machine = machine;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#missed !== undefined;
  }

  /** Does `task` as this program: never when it is dead, later when it is frozen. */
  run(task: () => void): void {
    if (!this.#isAlive) return;
    if (this.#missed === undefined) task();
    else this.#missed.push(task);
  }

  /** As Node's timers: whole milliseconds, one at least. */
  after(delay: number, task: () => void): () => void {
    let isCancelled = false;
    const cancel = this.machine.time.after(Math.max(Math.trunc(delay), 1), () =>
      this.run(() => isCancelled || task()),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** What waits for the world comes back as this program, or never. */
  async wait(delay: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.after(delay, resolve);
    await promise;
  }

  /** Never resolves for a dead program: what would follow is not done. */
  async ifAlive(): Promise<void> {
    if (!this.#isAlive) await new Promise<never>(() => undefined);
  }

  pause(): void {
    this.#missed ??= [];
  }

  resume(): void {
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    // Before anything that comes from now on.
    for (const task of missed) this.machine.time.after(0, () => this.run(task));
  }

  /** What its machine does for it when it ends without a word; not when the machine ends with it. */
  whenKilled(lastWord: () => void): void {
    this.#lastWords.add(lastWord);
  }

  kill(): void {
    this.#vanish();
    for (const lastWord of this.#lastWords) lastWord();
  }

  cutPower(): void {
    this.#vanish();
  }

  #vanish(): void {
    this.#isAlive = false;
    this.#missed = undefined;
  }

  /** True ms of the world as its monotonic clock has them. */
  get now(): Instant {
    return instant(this.machine.time.now - this.machine.bootedAt);
  }

  get wall(): Micros {
    // No kernel lets a clock be set to before 1970.
    return micros(Math.max(worldBegan + this.machine.time.now + this.machine.wallOffset, 0) * 1000);
  }

  get clock(): Clock {
    return {
      now: () => this.now,
      wall: () => this.wall,
      after: (delay: Millis, task) => this.after(delay, task),
    };
  }
}
