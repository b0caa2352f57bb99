/** A machine as data: states, what leads from one to another, and what is said on the way. */
import { inputSpec, outputSpec } from "@interactor/shared/sdk/define-module";
import * as z from "@interactor/shared/sdk/schemas";
import { durationMax, expressionLengthMax, nearest, parseDuration } from "@interactor/shared/sdk/expressions";
import { listMax, variablesMax } from "./limits.ts";
import { problemsOf } from "./problems.ts";

/** A number or a truth stands for itself; a text is an expression. */
const expression = z.pipe(
  z.union([z.string(), z.number(), z.boolean()]),
  z.pipe(z.transform(String), z.string().check(z.maxLength(expressionLengthMax))),
);
const durationWords = "a duration has a unit, such as 500ms, 20s or 5m";
const isDelay = (text: string): boolean => {
  const parsed = parseDuration(text);
  return parsed.ok && parsed.value >= 1 && parsed.value <= durationMax;
};

/** What is said where a map has a key that nobody knows, or stands for something else. */
const wordsFor = (known: readonly string[], words: string) => ({
  error: (issue: { readonly code: string | undefined; readonly keys?: readonly string[] }): string => {
    const [key] = issue.code === "unrecognized_keys" ? (issue.keys ?? []) : [];
    if (key === undefined) return words;
    return `"${key}" is unknown here (${nearest(key, known) ?? `there are ${known.join(", ")}`})`;
  },
});

const action = z.union(
  [
    z.strictObject({ emit: z.record(z.string(), expression) }),
    z.strictObject({ assign: z.record(z.string(), expression) }),
  ],
  "an action is { emit: { output: expression } } or { assign: { variable: expression } }",
);
const actions = z.array(action).check(z.maxLength(listMax));

const transitionWords = "a transition is the name of a state, or { to, when, do }, or a list of these";
const transition = z.strictObject({
  to: z.optional(z.string()),
  when: z.optional(expression),
  do: z.optional(actions),
});
/** One, several of which the first that may be taken is, or the name of a state alone. */
const transitions = z.pipe(
  z.union([z.string(), transition, z.array(transition).check(z.maxLength(listMax))], transitionWords),
  z.transform((given): Transition[] => {
    if (typeof given === "string") return [{ to: given }];
    return Array.isArray(given) ? given : [given];
  }),
);

const stateKeys = ["entry", "exit", "on", "after", "always", "initial", "states"];
const stateFields = {
  entry: z.optional(actions),
  exit: z.optional(actions),
  on: z.optional(z.record(z.string(), transitions)),
  after: z.optional(z.record(z.string().check(z.refine(isDelay, durationWords)), transitions)),
  always: z.optional(transitions),
  initial: z.optional(z.string()),
  get states(): z.ZodMiniOptional<z.ZodMiniRecord<z.ZodMiniString, typeof state>> {
    return z.optional(z.record(z.string(), state));
  },
};
const state = z.strictObject(
  stateFields,
  wordsFor(stateKeys, "a state is a map, {} when nothing happens in it"),
);

const settingsKeys = ["inputs", "outputs", "variables", "initial", "states"];

export const settings = z
  .strictObject(
    {
      inputs: z.record(z.string(), inputSpec),
      outputs: z._default(z.record(z.string(), outputSpec), {}),
      variables: z._default(
        z
          .record(z.string(), z.union([z.number(), z.boolean(), z.string()]))
          .check(
            z.refine((all) => Object.keys(all).length <= variablesMax, `at most ${variablesMax} variables`),
          ),
        {},
      ),
      initial: z.string(),
      states: z.record(z.string(), state),
    },
    wordsFor(settingsKeys, "the settings are a map with at least inputs, initial and states"),
  )
  .check(({ value, issues }) => {
    for (const problem of problemsOf(value)) issues.push({ code: "custom", input: value, ...problem });
  });

export type Action = z.infer<typeof action>;
export type Transition = z.infer<typeof transition>;
export type State = z.infer<typeof state>;
export type Settings = z.infer<typeof settings>;
