/**
 * Where a stepper stands, and where it shall go, in steps from its 0. What is under way goes on while the newest target
 * lies beyond its end; else the motor brakes, says which steps it spares, and goes to the target from where it comes to
 * rest. A show stop need not wait for a move of ten minutes. Pure.
 */
export interface Motor {
  /** So many steps, backwards when they are negative; `arrived` is said when it has taken them. */
  turn(steps: number): void;
  /** As soon as it can. It says `spared`, then `arrived`; one that cannot brake, or is just arriving, only the latter. */
  brake(): void;
  /** What is known of it, before it changes. */
  tell(at: number, isMoving: boolean): void;
}

/** What one message carries. A longer way goes in several. */
const stepsMost = 2 ** 21 - 1;

export class StepperWay {
  readonly #motor: Motor;
  #at: number;
  #target: number;
  /** Of the move that is under way; 0: there is none. */
  #steps = 0;
  #isBraking = false;

  constructor(at: number, motor: Motor) {
    this.#at = at;
    this.#target = at;
    this.#motor = motor;
  }

  aim(target: number): void {
    this.#target = target;
    if (this.#steps === 0) return this.#go();
    const beyondEnd = (target - this.#at - this.#steps) * Math.sign(this.#steps);
    if (beyondEnd >= 0 || this.#isBraking) return;
    this.#isBraking = true;
    this.#motor.brake();
  }

  spared(steps: number): void {
    this.#steps -= steps * Math.sign(this.#steps);
  }

  arrived(): void {
    this.#at += this.#steps;
    this.#steps = 0;
    this.#isBraking = false;
    this.#go();
  }

  #go(): void {
    this.#steps = Math.max(-stepsMost, Math.min(stepsMost, this.#target - this.#at));
    this.#motor.tell(this.#at, this.#steps !== 0);
    if (this.#steps !== 0) this.#motor.turn(this.#steps);
  }
}
