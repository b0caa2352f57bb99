/**
 * Scenes of a node, and which of them are recalled. Of two that set the same input the one that was recalled last has it,
 * and when that is let go the one before has it again.
 */
import type { Micros } from "@interactor/shared/kernel/units";
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import type { Value } from "@interactor/shared/wire/value";

export interface SceneLevel {
  readonly value: Value;
  /** `scene night`: who owns the input. */
  readonly by: string;
  readonly at: Micros;
}

export class Scenes {
  #scenes: Plan["scenes"] = {};
  /** When each was recalled, the last one last. */
  readonly #recalled = new Map<string, Micros>();

  /** What it takes: one input for each scene. */
  get inputs(): Readonly<Record<string, InputSpec>> {
    return Object.fromEntries(
      Object.keys(this.#scenes).map((name) => [
        name,
        { type: "bool", released: false, label: `Scene ${name}` },
      ]),
    );
  }

  /** Puts other scenes in place; those that are still there stay recalled. Returns the inputs that this may move. */
  set(scenes: Plan["scenes"]): readonly string[] {
    const moved = new Set([...this.#recalled.keys()].flatMap((name) => inputsOf(this.#scenes, name)));
    this.#scenes = scenes;
    for (const name of this.#recalled.keys()) {
      if (Object.hasOwn(scenes, name)) for (const input of inputsOf(scenes, name)) moved.add(input);
      else this.#recalled.delete(name);
    }
    return [...moved];
  }

  /** Returns the inputs that this may move. */
  recall(name: string, at: Micros): readonly string[] {
    this.#recalled.delete(name);
    if (!Object.hasOwn(this.#scenes, name)) return [];
    this.#recalled.set(name, at);
    return inputsOf(this.#scenes, name);
  }

  letGo(name: string): readonly string[] {
    return this.#recalled.delete(name) ? inputsOf(this.#scenes, name) : [];
  }

  /** What scenes say of the input, `instance/input`; `undefined`: nothing. */
  levelOf(input: string): SceneLevel | undefined {
    for (const [name, at] of [...this.#recalled].toReversed()) {
      const levels = this.#scenes[name];
      if (levels === undefined || !Object.hasOwn(levels, input)) continue;
      const value = levels[input];
      if (value !== undefined) return { value, by: `scene ${name}`, at };
    }
    return undefined;
  }

  /** Inputs of the instance that scenes which are recalled set. */
  heldOf(instance: string): readonly string[] {
    const all = [...this.#recalled.keys()].flatMap((name) => inputsOf(this.#scenes, name));
    return [...new Set(all)].filter((input) => input.startsWith(`${instance}/`));
  }
}

const inputsOf = (scenes: Plan["scenes"], name: string): readonly string[] =>
  Object.hasOwn(scenes, name) ? Object.keys(scenes[name] ?? {}) : [];
