/**
 * What JSON Schema has for "one of these, and not both": `oneOf: [{ required: [usb] }, { required: [path] }]`. zod takes such
 * alternatives for all alike and refuses whatever stands there, so they are taken out before it reads a schema, and judged
 * here.
 */
import type { JsonSchema } from "./catalogue.ts";

/** Of these settings of the map at `path` one is needed, and there are more or none. */
export interface NeededChoice {
  readonly path: readonly string[];
  readonly names: readonly string[];
}

/** Maps in maps. More: nothing is said. */
const depthMax = 32;

export function withoutChoices(schema: JsonSchema): JsonSchema {
  const rest = Object.entries(schema).filter(([word]) => word !== "oneOf" || namesOf(schema).length === 0);
  return Object.fromEntries(rest.map(([word, value]) => [word, stripped(value)]));
}

export function brokenChoices(
  schema: JsonSchema,
  data: unknown,
  path: readonly string[] = [],
): readonly NeededChoice[] {
  if (!isMap(data) || path.length > depthMax) return [];
  const names = namesOf(schema);
  const isBroken = names.length > 0 && names.filter((name) => Object.hasOwn(data, name)).length !== 1;
  const { properties, additionalProperties } = schema;
  const inside = Object.entries(data).flatMap(([name, value]) => {
    const own =
      isMap(properties) && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return isMap(own) ? brokenChoices(own, value, [...path, name]) : [];
  });
  const meant = alternativesOf(schema).filter((each) => isMeant(each, data));
  return [
    ...(isBroken ? [{ path, names }] : []),
    ...inside,
    ...meant.flatMap((each) => brokenChoices(each, data, path)),
  ];
}

export const choiceWords = (names: readonly string[]): string =>
  `${names.join(" or ")} is needed, and ${names.length > 2 ? "only one of them" : "not both"}`;

/** The settings between which is chosen; none: these alternatives are of another kind. */
function namesOf({ oneOf }: JsonSchema): readonly string[] {
  if (!Array.isArray(oneOf)) return [];
  const names = oneOf.flatMap((each: unknown) => {
    if (!isMap(each) || Object.keys(each).join() !== "required") return [];
    const { required } = each;
    return Array.isArray(required) && required.length === 1 ? required.map(String) : [];
  });
  return names.length === oneOf.length ? names : [];
}

function alternativesOf(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf, oneOf } = schema;
  return [anyOf, oneOf].flatMap((each) => (Array.isArray(each) ? each.filter(isMap) : []));
}

/** Alternatives are told apart by fixed words, such as `format: csv`. */
function isMeant({ properties }: JsonSchema, data: Readonly<Record<string, unknown>>): boolean {
  if (!isMap(properties)) return false;
  const marks = Object.entries(properties).filter(([, each]) => isMap(each) && "const" in each);
  return marks.length > 0 && marks.every(([name, each]) => isMap(each) && data[name] === each["const"]);
}

function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  return isMap(value) ? withoutChoices(value) : value;
}

const isMap = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
