/** What a schema refuses, in words for people: what is wrong, where, and what would be right. */
import * as z from "zod";
import { nearest } from "../kernel/nearest.ts";
import { failed, ok, type Result } from "../kernel/result.ts";
import { problemsToldMax } from "./limits.ts";
import type { Path, Problem } from "./yaml-text.ts";

/** Where a problem is pointed at: one text, or the files of a site. */
export interface Places<Told extends Problem = Problem> {
  problemAt(path: Path, message: string, hint?: string): Told;
  /** At the key `key` of the map at `path`. */
  problemAtKey(path: Path, key: string, message: string, hint?: string): Told;
  /** At character `offset` of the text at `path`. */
  problemInside(path: Path, offset: number, message: string, hint?: string): Told;
}

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/** `value`, which stands at `path`, as the schema reads it, or everything the schema has against it. */
export function readBySchema<Read, Told extends Problem>(
  places: Places<Told>,
  path: Path,
  schema: z.ZodType<Read>,
  value: unknown,
): Result<Read, readonly Told[]> {
  const parsed = schema.safeParse(value, { reportInput: true, error: defaultWords });
  if (parsed.success) return ok(parsed.data);
  const issues = parsed.error.issues.slice(0, problemsToldMax);
  return failed(issues.flatMap((issue) => problemsOf({ places, schema, root: path }, issue)));
}

interface Reading<Told extends Problem> {
  readonly places: Places<Told>;
  readonly schema: Schema;
  readonly root: Path;
}

/** What is left of a map without the parts that a schema refuses, and which they are; `undefined`: nothing that serves. */
export function salvage<Read>(
  schema: z.ZodType<Read>,
  value: unknown,
): { readonly read: Read; readonly wrong: ReadonlySet<string> } | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { read: parsed.data, wrong: new Set() };
  if (typeof value !== "object" || value === null) return undefined;
  const wrong = new Set(
    parsed.error.issues.flatMap((issue) =>
      issue.path.length > 0 ? [String(issue.path[0])] : issue.code === "unrecognized_keys" ? issue.keys : [],
    ),
  );
  const rest = schema.safeParse(Object.fromEntries(Object.entries(value).filter(([key]) => !wrong.has(key))));
  return rest.success ? { read: rest.data, wrong } : undefined;
}

/** What a check of ours says beside its message. */
const params = z.object({ offset: z.number().optional(), hint: z.string().optional() });

function problemsOf<Told extends Problem>(reading: Reading<Told>, issue: Issue): Told[] {
  const { places, root, schema } = reading;
  const inside = issue.path.filter((step) => typeof step !== "symbol");
  const path = [...root, ...inside];
  switch (issue.code) {
    case "custom": {
      const { offset, hint } = params.parse(issue.params ?? {});
      if (offset === undefined) return [places.problemAt(path, issue.message, hint)];
      return [places.problemInside(path, offset, issue.message, hint)];
    }
    case "unrecognized_keys":
      return issue.keys.slice(0, problemsToldMax).map((key) => {
        const known = keysAt(schema, inside);
        const listed = known.length === 0 ? undefined : `there are ${known.join(", ")}`;
        const hint = nearest(key, known) ?? listed;
        return places.problemAtKey(path, key, `"${key}" is unknown here`, hint);
      });
    case "invalid_key": {
      const words = issue.issues[0]?.message ?? issue.message;
      const key = String(path.at(-1));
      return [places.problemAtKey(path.slice(0, -1), key, words)];
    }
    case "invalid_union":
      return unionProblems(reading, issue);
    default:
      return [places.problemAt(path, withMissing(issue, path), hintFor(issue))];
  }
}

/** Of several kinds that a value may have, the one that is meant: a map is meant as a map. */
function unionProblems<Told extends Problem>(
  reading: Reading<Told>,
  issue: z.core.$ZodIssueInvalidUnion,
): Told[] {
  const told = (branch: readonly Issue[]): Told[] =>
    branch.flatMap((each) => problemsOf(reading, { ...each, path: [...issue.path, ...each.path] }));
  const best = issue.errors.toSorted((left, right) => costOf(left) - costOf(right))[0] ?? [];
  const mark = best.find(isMark);
  if (mark !== undefined && mark.path.length > 0) {
    // None of the words that tell the kinds apart stands there.
    const values = valuesOf(issue, mark.path);
    return told([{ ...mark, code: "invalid_value", values, message: choiceWords(values) }]);
  }
  if (mark === undefined && !best.some(isOtherKind)) return told(best);
  if (issue.message !== unionWords) return told([{ ...issue, code: "custom", path: [] }]);
  const message = `${kindsOf(issue).join(" or ")} is needed, not ${shown(issue.input)}`;
  const { input } = issue;
  const takesList = issue.errors.flat().some((each) => isOtherKind(each) && each.expected === "array");
  const hint = takesList && typeof input === "string" ? `as a list: [${input}]` : nearestOf(issue);
  return told([{ ...issue, code: "custom", path: [], message, params: { hint } }]);
}

const isOtherKind = (issue: Issue): issue is z.core.$ZodIssueInvalidType =>
  issue.path.length === 0 && issue.code === "invalid_type";

const nearestOf = (issue: z.core.$ZodIssueInvalidUnion): string | undefined =>
  typeof issue.input === "string" ? nearest(issue.input, valuesOf(issue, []).map(String)) : undefined;

/** What may stand there, a word for each kind. */
function kindsOf(issue: z.core.$ZodIssueInvalidUnion): readonly string[] {
  const kinds = issue.errors.flat().flatMap((each) => {
    if (isOtherKind(each)) return [kindWords[each.expected] ?? each.expected];
    return isMark(each) && each.code === "invalid_value" && each.path.length === 0
      ? each.values.map(String)
      : [];
  });
  return [...new Set(kinds)];
}

const choiceWords = (values: readonly unknown[]): string =>
  `there ${values.length === 1 ? "is only" : "are"} ${values.map(String).join(", ")}`;

/** A fixed word that tells kinds of maps apart, such as `format: csv`. */
const isMark = (issue: Issue): boolean => issue.code === "invalid_value" && issue.values.length === 1;

const costOf = (branch: readonly Issue[]): number =>
  branch.length +
  branch.filter((issue) => isMark(issue) || (issue.path.length === 0 && issue.code === "invalid_type"))
    .length *
    100;

function valuesOf(
  issue: z.core.$ZodIssueInvalidUnion,
  path: readonly PropertyKey[],
): z.core.util.Primitive[] {
  const marks = issue.errors.flat().filter((each) => isMark(each) && String(each.path) === String(path));
  return marks.flatMap((each) => (each.code === "invalid_value" ? each.values : []));
}

function withMissing(issue: Issue, path: Path): string {
  const isMissing = issue.input === undefined && path.length > 0;
  return isMissing ? `${path.at(-1)} is missing: ${issue.message}` : issue.message;
}

function hintFor(issue: Issue): string | undefined {
  const { input } = issue;
  // They are all named already: only what is nearly right is worth a word more.
  if (issue.code === "invalid_value" && typeof input === "string")
    return nearest(input, issue.values.map(String), 1);
  if (issue.code !== "invalid_type") return undefined;
  if (issue.expected === "string" && (typeof input === "number" || typeof input === "boolean")) {
    return `as a text it stands in quotes: "${input}"`;
  }
  if (issue.expected === "boolean" && typeof input === "string") return hintForBoolean(input);
  const isNumber = issue.expected === "number" || issue.expected === "int";
  if (isNumber && typeof input === "string" && Number.isFinite(Number(input || "x")))
    return `without quotes: ${input.trim()}`;
  return undefined;
}

/** YAML 1.1 took more words for these, and people remember. */
function hintForBoolean(input: string): string | undefined {
  if (/^(on|yes|y)$/i.test(input)) return "write true";
  return /^(off|no|n)$/i.test(input) ? "write false" : undefined;
}

const unionWords = "none of the kinds of values that may stand here";

/** What is said where a schema has no words of its own. */
function defaultWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type": {
      const wanted = kindWords[issue.expected] ?? issue.expected;
      return issue.input === undefined
        ? `${wanted} is needed`
        : `${wanted} is needed, not ${shown(issue.input)}`;
    }
    case "invalid_value":
      return choiceWords(issue.values);
    case "too_small":
    case "too_big":
      return boundWords(issue);
    case "invalid_union":
      return unionWords;
    default:
      return undefined;
  }
}

const kindWords: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function boundWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "too_small" && issue.code !== "too_big") return undefined;
  const bound = issue.code === "too_small" ? issue.minimum : issue.maximum;
  const side = issue.code === "too_small" ? "at least" : "at most";
  switch (issue.origin) {
    case "string":
      return `${side} ${bound} characters`;
    case "array":
      return `${side} ${bound} in this list`;
    default:
      return `${issue.inclusive === false ? (side === "at least" ? "more than" : "less than") : side} ${bound}`;
  }
}

const shownLengthMax = 40;

/** A value as a sentence names it. */
export function shown(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return "something else";
  const text = value.length > shownLengthMax ? `${value.slice(0, shownLengthMax)}…` : value;
  return `the text ${JSON.stringify(text)}`;
}

/** The keys that a map at `path` may have. */
function keysAt(schema: Schema, path: Path): readonly string[] {
  let reached = unwrapped(schema);
  for (const step of path) reached = reached.flatMap((each) => below(each, step)).flatMap(unwrapped);
  const keys = reached.flatMap(({ _zod: { def } }) => (def.type === "object" ? Object.keys(def.shape) : []));
  return [...new Set(keys)];
}

type Known = z.core.$ZodTypes;

/** What a schema is about, without what only wraps it; each option of a union. */
function unwrapped(schema: Schema): readonly Known[] {
  const known = schema as Known;
  const { def } = known._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
      return unwrapped(def.innerType);
    case "pipe":
      // What a schema of JSON says of names of keys is done before; the map itself comes behind it.
      return unwrapped(def.in._zod.def.type === "transform" ? def.out : def.in);
    case "lazy":
      return unwrapped(def.getter());
    case "union":
      return def.options.flatMap(unwrapped);
    default:
      return [known];
  }
}

function below(schema: Known, step: string | number): readonly Schema[] {
  const { def } = schema._zod;
  switch (def.type) {
    case "object": {
      const own = Object.hasOwn(def.shape, step) ? def.shape[step] : def.catchall;
      return own === undefined ? [] : [own];
    }
    case "record":
      return [def.valueType];
    case "array":
      return [def.element];
    default:
      return [];
  }
}
