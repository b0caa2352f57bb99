/** What stored things do, as outputs: given when it is another than the last time. */
import type { ModuleContext, Value } from "@interactor/shared/sdk/define-module";
import type { Engine } from "./engine/engine.ts";
import { type CuesOn, type ListOn, whatIsOn } from "./stored.ts";

export class CueReport {
  readonly #engine: Engine;
  readonly #context: ModuleContext;
  #given: Partial<CuesOn> = {};
  #refused: string | undefined;

  constructor(engine: Engine, context: ModuleContext) {
    this.#engine = engine;
    this.#context = context;
  }

  tell(): void {
    const { on, paused, lists } = whatIsOn(this.#engine);
    const emit = (output: string, value: Value): void => this.#context.emit(output, value);
    if (on !== this.#given.on) emit("cue", on);
    if (paused !== this.#given.paused) emit("cue-paused", paused);
    if (!areSame(lists, this.#given.lists))
      emit(
        "cue-lists",
        lists.map((list) => ({ ...list })),
      );
    this.#given = { on, paused, lists };
  }

  /** What could not be played, each time; once more when it is no longer true. Empty: all could. */
  asked(problem: string | undefined): void {
    if (problem === undefined && this.#refused === "") return;
    this.#refused = problem ?? "";
    this.#context.emit("cue-refused", this.#refused);
  }
}

function areSame(lists: readonly ListOn[], others: readonly ListOn[] | undefined): boolean {
  return (
    lists.length === others?.length &&
    lists.every((list, index) => {
      const other = others[index];
      return other !== undefined && keys.every((key) => list[key] === other[key]);
    })
  );
}

const keys = ["name", "cue", "paused", "next", "before"] as const satisfies readonly (keyof ListOn)[];
