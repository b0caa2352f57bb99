/** What is wrong with a machine that is well-formed by itself: every problem, each with its place. */
import { nearest, parseDuration } from "@interactor/shared/sdk/expressions";
import { compilerOf, inputNames } from "./expressions.ts";
import { depthMax, statesMax } from "./limits.ts";
import type { Action, Settings, State, Transition } from "./settings.ts";
import { pathText, type Placed, statesOf, targetOf } from "./state-tree.ts";

export interface MachineProblem {
  readonly path: string[];
  readonly message: string;
}

const stateName = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

export function problemsOf(settings: Settings): readonly MachineProblem[] {
  const states = statesOf(settings);
  if (states.length > statesMax) return [{ path: ["states"], message: `at most ${statesMax} states` }];
  return new Machine(settings, states).problems();
}

class Machine {
  readonly #settings: Settings;
  readonly #states: readonly Placed[];
  readonly #known: ReadonlySet<string>;
  readonly #compile: ReturnType<typeof compilerOf>;
  readonly #problems: MachineProblem[] = [];

  constructor(settings: Settings, states: readonly Placed[]) {
    this.#settings = settings;
    this.#states = states;
    this.#known = new Set(states.map(({ path }) => pathText(path)));
    this.#compile = compilerOf(settings);
  }

  problems(): readonly MachineProblem[] {
    const { initial, states } = this.#settings;
    this.#initial([], initial, states);
    for (const placed of this.#states) this.#state(placed);
    this.#endless();
    return this.#problems;
  }

  #say(path: readonly string[], message: string): void {
    this.#problems.push({ path: [...path], message });
  }

  #unknown(path: readonly string[], what: string, name: string, known: readonly string[]): void {
    const hint =
      nearest(name, known) ?? (known.length === 0 ? "there are none" : `there are ${known.join(", ")}`);
    this.#say(path, `there is no ${what} "${name}" (${hint})`);
  }

  #initial(path: readonly string[], initial: string, states: Readonly<Record<string, State>>): void {
    if (!Object.hasOwn(states, initial))
      this.#unknown([...path, "initial"], "state", initial, Object.keys(states));
  }

  #state({ path, state }: Placed): void {
    const place = path.flatMap((name) => ["states", name]);
    const name = path.at(-1) ?? "";
    if (!stateName.test(name)) this.#say(place, `"${name}" is no name of a state: letters, digits, - and _`);
    if (path.length > depthMax) this.#say(place, `at most ${depthMax} states inside each other`);
    if (state.states !== undefined && state.initial === undefined)
      this.#say(place, "a state with states in it says which is the initial one");
    if (state.initial !== undefined) this.#initial(place, state.initial, state.states ?? {});
    this.#actions([...place, "entry"], state.entry);
    this.#actions([...place, "exit"], state.exit);
    const inputs = inputNames(this.#settings.inputs);
    for (const [input, transitions] of Object.entries(state.on ?? {})) {
      if (!inputs.includes(input)) this.#unknown([...place, "on", input], "input", input, inputs);
      this.#transitions([...place, "on", input], path, transitions);
    }
    this.#delays([...place, "after"], Object.keys(state.after ?? {}));
    for (const [delay, transitions] of Object.entries(state.after ?? {}))
      this.#transitions([...place, "after", delay], path, transitions);
    this.#transitions([...place, "always"], path, state.always ?? []);
    for (const [index, { to, do: actions }] of (state.always ?? []).entries())
      if (to === undefined && actions === undefined)
        this.#say([...place, "always", `${index}`], "it leads nowhere");
  }

  /** `60s` and `1m` are one time: of two ways only one would be taken, and nobody could say which. */
  #delays(place: readonly string[], delays: readonly string[]): void {
    const first = new Map<number, string>();
    for (const delay of delays) {
      const parsed = parseDuration(delay);
      if (!parsed.ok) continue;
      const earlier = first.get(parsed.value);
      if (earlier === undefined) first.set(parsed.value, delay);
      else
        this.#say(
          [...place, delay],
          `${delay} is the same time as ${earlier}: write one list under one of them`,
        );
    }
  }

  #transitions(place: readonly string[], path: readonly string[], transitions: readonly Transition[]): void {
    for (const [index, { to, when, do: actions }] of transitions.entries()) {
      const each = transitions.length === 1 ? place : [...place, `${index}`];
      if (to !== undefined && targetOf(to, path, this.#known) === undefined)
        this.#unknown([...each, "to"], "state", to, [...this.#known]);
      if (when !== undefined) this.#expression([...each, "when"], when);
      this.#actions([...each, "do"], actions);
    }
  }

  #actions(place: readonly string[], actions: readonly Action[] = []): void {
    const known = {
      emit: Object.keys(this.#settings.outputs),
      assign: Object.keys(this.#settings.variables),
    };
    for (const [index, action] of actions.entries()) {
      const [kind, values] =
        "emit" in action ? (["emit", action.emit] as const) : (["assign", action.assign] as const);
      for (const [name, source] of Object.entries(values)) {
        const each = [...place, `${index}`, kind, name];
        if (!known[kind].includes(name))
          this.#unknown(each, kind === "emit" ? "output" : "variable", name, known[kind]);
        this.#expression(each, source);
      }
    }
  }

  #expression(place: readonly string[], source: string): void {
    const compiled = this.#compile(source);
    if (compiled.ok) return;
    const { message, offset, hint } = compiled.error;
    this.#say(place, `at ${offset + 1}: ${message}${hint === undefined ? "" : ` (${hint})`}`);
  }

  /** Ways that always lead on without a condition and come back to where they began. */
  #endless(): void {
    const next = new Map<string, string>();
    for (const { path, state } of this.#states) {
      const first = state.always?.find(({ when }) => when === undefined)?.to;
      const target = first === undefined ? undefined : targetOf(first, path, this.#known);
      if (target !== undefined) next.set(pathText(path), target);
    }
    for (const { path } of this.#states) {
      const begin = pathText(path);
      const way = [begin];
      for (let at = next.get(begin); at !== undefined && !way.includes(at); at = next.get(at)) way.push(at);
      if (next.get(way.at(-1) ?? "") !== begin) continue;
      const place = [...path.flatMap((name) => ["states", name]), "always"];
      this.#say(place, `it leads back to itself for ever: ${[...way, begin].join(" → ")}`);
    }
  }
}
