/** Whether a JSON Schema knows the place that a path leads to. As far as it says nothing about it, it does. */
import type { JsonSchema } from "./catalogue.ts";
import type { Path } from "./yaml-text.ts";

/** The first step of a path that the schema does not allow. */
export interface StrangeStep {
  readonly index: number;
  /** What would be allowed in its place. */
  readonly known: readonly string[];
}

/** Schemas that stand in each other without a step between. More: nothing is said. */
const schemaDepthMax = 16;

/** `data` is what stands there now: what a schema asks for may depend on it. */
export const strangeStep = (schema: JsonSchema, data: unknown, path: Path): StrangeStep | undefined =>
  new SchemaPath(schema, path).strange(schema, data, 0);

class SchemaPath {
  readonly #root: JsonSchema;
  readonly #path: Path;

  constructor(root: JsonSchema, path: Path) {
    this.#root = root;
    this.#path = path;
  }

  strange(schema: JsonSchema, data: unknown, index: number, depth = 0): StrangeStep | undefined {
    if (index >= this.#path.length || depth > schemaDepthMax) return undefined;
    const same = (inner: unknown): StrangeStep | undefined =>
      isMap(inner) ? this.strange(inner, data, index, depth + 1) : undefined;
    const all = [this.#referred(schema["$ref"]), ...listOf(schema["allOf"])].map(same);
    if (isMap(schema["if"])) all.push(same(schema[isFulfilled(schema["if"], data) ? "then" : "else"]));
    for (const word of ["anyOf", "oneOf"]) all.push(this.#leastStrange(listOf(schema[word]).map(same)));
    return this.#own(schema, data, index) ?? all.find((each) => each !== undefined);
  }

  /** Of alternatives one is enough; the one that goes furthest tells most. */
  #leastStrange(alternatives: readonly (StrangeStep | undefined)[]): StrangeStep | undefined {
    if (alternatives.includes(undefined)) return undefined;
    return alternatives
      .filter((each) => each !== undefined)
      .toSorted((left, right) => right.index - left.index || right.known.length - left.known.length)[0];
  }

  #own(schema: JsonSchema, data: unknown, index: number): StrangeStep | undefined {
    const step = this.#path[index];
    const { type, properties, additionalProperties, items } = schema;
    const inside = isMap(data) || Array.isArray(data) ? Reflect.get(data, step ?? "") : undefined;
    const on = (inner: unknown): StrangeStep | undefined =>
      isMap(inner) ? this.strange(inner, inside, index + 1) : undefined;
    const known = isMap(properties) ? Object.keys(properties) : [];
    const types: readonly unknown[] = Array.isArray(type) ? type : [type];
    if (type !== undefined && !types.includes(typeof step === "number" ? "array" : "object"))
      return { index, known: [] };
    if (typeof step === "number") return on(items);
    if (step === undefined) return undefined;
    if (isMap(properties) && Object.hasOwn(properties, step)) return on(properties[step]);
    return additionalProperties === false ? { index, known } : on(additionalProperties);
  }

  /** `#/$defs/name` */
  #referred(reference: unknown): unknown {
    if (typeof reference !== "string") return undefined;
    let found: unknown = this.#root;
    for (const step of reference.split("/").slice(1)) found = isMap(found) ? found[step] : undefined;
    return found;
  }
}

/** Conditions as ours are: these properties have these values. */
function isFulfilled(condition: JsonSchema, data: unknown): boolean {
  const { properties } = condition;
  if (!isMap(properties) || !isMap(data)) return false;
  return Object.entries(properties).every(
    ([name, wanted]) => isMap(wanted) && data[name] === wanted["const"],
  );
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
