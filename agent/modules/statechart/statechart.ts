/**
 * A machine at work. Pure: it is told the time, and says what is to be emitted and when it does something by itself.
 * A transition that fails as a whole leaves it where it was. A process that slept does not catch up: what was due
 * meanwhile happens once, and what follows it waits from then on.
 */
import {
  earliest,
  type Instant,
  later,
  messageOf,
  type Millis,
  millis,
  type Value,
} from "@interactor/shared/sdk/define-module";
import { type AnyMachineSnapshot, initialTransition, transition } from "xstate";
import { emitAction, inputEvent, type MachineEvent, machineOf } from "./machine.ts";
import { stepsMax } from "./limits.ts";
import type { Settings } from "./settings.ts";
import { inputNames } from "./expressions.ts";

export interface Outcome {
  /** In the order in which they are to be said. */
  readonly emitted: readonly (readonly [output: string, value: Value])[];
  /** The state, when it is another one. */
  readonly state?: string;
  /** What could not be done, in words. */
  readonly failures: readonly string[];
}

interface Timer {
  readonly due: Instant;
  readonly delay: Millis;
  readonly event: MachineEvent;
}

type Step = ReturnType<typeof transition>;

export class Statechart {
  readonly #machine: ReturnType<typeof machineOf>;
  readonly #inputs: Record<string, Value>;
  readonly #timers = new Map<string, Timer>();
  #snapshot: AnyMachineSnapshot | undefined;
  #state = "";
  #failures: string[] = [];
  #emitted: (readonly [string, Value])[] = [];
  /** Whether the last step was done, and did not fail as a whole. */
  #hasMoved = false;

  constructor(settings: Settings) {
    this.#inputs = Object.fromEntries(inputNames(settings.inputs).map((name) => [name, null]));
    this.#machine = machineOf(settings, {
      given: () => ({ inputs: this.#inputs, state: this.#state }),
      failed: (words) => void this.#failures.push(words),
    });
  }

  get state(): string {
    return this.#state;
  }

  /** When it does something by itself. */
  get due(): Instant | undefined {
    let due: Instant | undefined;
    for (const timer of this.#timers.values()) due = earliest(due, timer.due);
    return due;
  }

  /** Throws when it cannot even enter the state it begins in: then it is in none, and nothing would move it. */
  start(at: Instant): Outcome {
    const begun = this.#done(at, () => initialTransition(this.#machine));
    if (!this.#hasMoved) throw new Error(begun.failures.at(-1));
    return begun;
  }

  /** An input has another value, or the same one again. */
  take(input: string, value: Value, at: Instant): Outcome {
    this.#inputs[input] = value;
    return this.#send({ type: inputEvent(input), value }, at);
  }

  /** Does what is due, the earliest first. */
  wake(at: Instant): Outcome {
    const due = [...this.#timers]
      .filter(([, timer]) => timer.due <= at)
      .toSorted(([, left], [, right]) => left.due - right.due);
    const outcomes = due.map(([id, timer]) => {
      // What came before may have led out of the state that waited.
      if (this.#timers.get(id) !== timer) return nothing;
      this.#timers.delete(id);
      const outcome = this.#send(timer.event, at);
      // It did not happen: it is tried again when the state has lasted as long once more.
      if (!this.#hasMoved) this.#timers.set(id, { ...timer, due: later(at, timer.delay) });
      return outcome;
    });
    const state = outcomes.findLast((outcome) => outcome.state !== undefined)?.state;
    return {
      emitted: outcomes.flatMap(({ emitted }) => emitted),
      ...(state === undefined ? {} : { state }),
      failures: outcomes.flatMap(({ failures }) => failures),
    };
  }

  #send(event: MachineEvent, at: Instant): Outcome {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return nothing;
    return this.#done(at, () => transition(this.#machine, snapshot, event));
  }

  #done(at: Instant, step: () => Step): Outcome {
    this.#failures = [];
    this.#emitted = [];
    this.#hasMoved = false;
    const before = this.#state;
    try {
      const [given, actions] = step();
      const snapshot = given as AnyMachineSnapshot;
      // The first step does not throw: its error is in what it gives, and nothing would ever move that.
      if (snapshot.status === "error") throw snapshot.error;
      for (const { type, params } of actions) this.#perform(type, params, at);
      this.#snapshot = snapshot;
      this.#state = stateText(snapshot.value);
      this.#hasMoved = true;
    } catch (error) {
      this.#failures.push(wordsOf(error, before));
    }
    const state = this.#state === before ? {} : { state: this.#state };
    return { emitted: this.#emitted, ...state, failures: this.#failures };
  }

  #perform(type: string, params: unknown, at: Instant): void {
    if (typeof params !== "object" || params === null) return;
    if (type === emitAction) this.#emitted.push(...(Object.entries(params) as [string, Value][]));
    if (type === "xstate.cancel" && "sendId" in params) this.#timers.delete(String(params.sendId));
    if (type !== "xstate.raise" || !("id" in params && "delay" in params && "event" in params)) return;
    const event = params.event as MachineEvent;
    const delay = millis(Number(params.delay));
    this.#timers.set(String(params.id), { due: later(at, delay), delay, event });
  }
}

const nothing: Outcome = { emitted: [], failures: [] };

const wordsOf = (error: unknown, state: string): string =>
  messageOf(error).startsWith("Infinite loop")
    ? `more than ${stepsMax} transitions follow each other without waiting; ${state === "" ? "it cannot begin" : `it stays ${state}`}`
    : messageOf(error);

/** `interactive.playing` of `{ interactive: "playing" }`. */
function stateText(value: unknown): string {
  if (typeof value === "string") return value;
  const [first] = Object.entries(value ?? {});
  return first === undefined ? "" : `${first[0]}.${stateText(first[1])}`;
}
