/** What the expressions of a machine can speak of. */
import type { Value } from "@interactor/shared/sdk/define-module";
import { type Compile, compilerFor } from "@interactor/shared/sdk/expressions";
import type { Settings } from "./settings.ts";

export interface Given {
  /** Of the input that has just come; nothing where time or a state leads on. */
  readonly value: Value;
  /** The last value of each input; nothing before the first. */
  readonly inputs: Readonly<Record<string, Value>>;
  readonly variables: Readonly<Record<string, Value>>;
  /** The state it is in, or was before what is going on. */
  readonly state: string;
}

export const compilerOf = ({ inputs, variables }: Pick<Settings, "inputs" | "variables">): Compile<Given> =>
  compilerFor<Given>({
    value: "dyn",
    inputs: inputNames(inputs),
    variables: Object.keys(variables),
    state: "string",
  });

/** Inputs by their full names: a counted one stands for several. */
export const inputNames = (inputs: Settings["inputs"]): readonly string[] =>
  Object.entries(inputs).flatMap(([name, { count }]) =>
    count === undefined ? [name] : Array.from({ length: count }, (_, index) => `${name}${index + 1}`),
  );
