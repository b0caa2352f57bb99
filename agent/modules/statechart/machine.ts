/** From the settings to a machine of XState. Expressions are evaluated there; what failed is told to `failed`. */
import type { Value } from "@interactor/shared/sdk/define-module";
import { parseDuration } from "@interactor/shared/sdk/expressions";
import { type AnyStateMachine, assign, createMachine } from "xstate";
import { compilerOf, type Given } from "./expressions.ts";
import { stepsMax } from "./limits.ts";
import type { Action, Settings, State, Transition } from "./settings.ts";
import { pathText, statesOf, targetOf } from "./state-tree.ts";

export interface MachineContext {
  readonly variables: Readonly<Record<string, Value>>;
}

/** An input that came; those of time are XState's own and carry no value. */
export interface MachineEvent {
  readonly type: string;
  readonly value?: Value;
}

interface Args {
  readonly context: MachineContext;
  readonly event: MachineEvent;
}

export interface Surroundings {
  /** What expressions know beside the value that came and the variables. */
  readonly given: () => Pick<Given, "inputs" | "state">;
  /** Something could not be evaluated, in words. */
  readonly failed: (words: string) => void;
}

/** What a machine wants to be said. */
export const emitAction = "say";

const root = "machine";

export function machineOf(settings: Settings, surroundings: Surroundings): AnyStateMachine {
  const builder = new Builder(settings, surroundings);
  return createMachine({
    id: root,
    context: { variables: settings.variables } satisfies MachineContext,
    initial: settings.initial,
    states: builder.states(settings.states, []),
    options: { maxIterations: stepsMax },
  });
}

class Builder {
  readonly #surroundings: Surroundings;
  readonly #compile: ReturnType<typeof compilerOf>;
  readonly #known: ReadonlySet<string>;

  constructor(settings: Settings, surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#compile = compilerOf(settings);
    this.#known = new Set(statesOf(settings).map(({ path }) => pathText(path)));
  }

  states(states: Readonly<Record<string, State>>, above: readonly string[]): Record<string, object> {
    return Object.fromEntries(
      Object.entries(states).map(([name, state]) => [name, this.#state(state, [...above, name])]),
    );
  }

  #state(state: State, path: readonly string[]): object {
    const on = Object.entries(state.on ?? {}).map(([input, given]) => [
      inputEvent(input),
      this.#transitions(given, path),
    ]);
    const after = Object.entries(state.after ?? {}).map(([delay, given]) => {
      const parsed = parseDuration(delay);
      return [parsed.ok ? parsed.value : 0, this.#transitions(given, path)];
    });
    return {
      entry: this.#actions(state.entry, pathText(path)),
      exit: this.#actions(state.exit, pathText(path)),
      on: Object.fromEntries(on),
      after: Object.fromEntries(after),
      always: this.#transitions(state.always ?? [], path),
      ...(state.states === undefined
        ? {}
        : { initial: state.initial, states: this.states(state.states, path) }),
    };
  }

  #transitions(transitions: readonly Transition[], path: readonly string[]): readonly object[] {
    const from = pathText(path);
    return transitions.map(({ to, when, do: actions }) => {
      const target = to === undefined ? undefined : targetOf(to, path, this.#known);
      const condition = when === undefined ? undefined : this.#evaluator(when, `the condition of ${from}`);
      return {
        ...(target === undefined ? {} : { target: `#${root}.${target}`, reenter: target === from }),
        ...(condition === undefined ? {} : { guard: (args: Args) => this.#isTrue(condition(args), from) }),
        actions: this.#actions(actions, from),
      };
    });
  }

  #isTrue(result: Value | undefined, from: string): boolean {
    if (result === undefined || typeof result === "boolean") return result === true;
    this.#surroundings.failed(`the condition of ${from} is not true or false`);
    return false;
  }

  #actions(actions: readonly Action[] = [], from: string): readonly unknown[] {
    return actions.map((action) =>
      "emit" in action ? this.#emit(action.emit, from) : this.#assign(action.assign, from),
    );
  }

  /** `params` are evaluated when its turn comes among the other actions. */
  #emit(values: Readonly<Record<string, string>>, from: string): unknown {
    const each = this.#evaluators(values, from);
    return { type: emitAction, params: (args: Args) => evaluated(each, args) };
  }

  #assign(values: Readonly<Record<string, string>>, from: string): unknown {
    const each = this.#evaluators(values, from);
    return assign<MachineContext, MachineEvent, undefined, MachineEvent, never>((args) => ({
      variables: { ...args.context.variables, ...evaluated(each, args) },
    }));
  }

  #evaluators(
    values: Readonly<Record<string, string>>,
    from: string,
  ): readonly (readonly [string, Evaluator])[] {
    return Object.entries(values).map(([name, source]) => [
      name,
      this.#evaluator(source, `${name} in ${from}`),
    ]);
  }

  #evaluator(source: string, what: string): Evaluator {
    const compiled = this.#compile(source);
    if (!compiled.ok) return () => undefined;
    const { given, failed } = this.#surroundings;
    return ({ context, event }) => {
      const { value = null } = event;
      const result = compiled.value.evaluate({ value, variables: context.variables, ...given() });
      if (result.ok) return result.value;
      failed(`${what}: ${result.error}`);
      return undefined;
    };
  }
}

/** `undefined`: it failed, and that was told. */
type Evaluator = (args: Args) => Value | undefined;

function evaluated(each: readonly (readonly [string, Evaluator])[], args: Args): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const [name, evaluate] of each) {
    const value = evaluate(args);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

/** XState's own events have a point in their name. */
export const inputEvent = (input: string): string => `input ${input}`;
