/** The site file for editors: what may stand where, with the settings of each module as far as it is known. */
import * as z from "zod";
import type { JsonSchema, ModuleDeclaration } from "./catalogue.ts";
import { siteFileSchema } from "./site-schema.ts";

export function siteJsonSchema(modules: readonly ModuleDeclaration[]): JsonSchema {
  const schema = z.toJSONSchema(siteFileSchema, {
    io: "input",
    unrepresentable: "any",
    override: ({
      zodSchema: {
        _zod: { def },
      },
      jsonSchema,
    }) => {
      // What is read as a text whatever it is: `map: 1` is an expression. Durations have their pattern.
      const isAnyScalar = "coerce" in def && def.coerce && jsonSchema.pattern === undefined;
      if (isAnyScalar) Object.assign(jsonSchema, { type: ["string", "number", "boolean"] });
      const { properties } = jsonSchema;
      if (properties?.["module"] === undefined || properties["settings"] === undefined) return;
      properties["module"] = {
        enum: modules.map(({ manifest }) => manifest.id),
        description: "What it runs.",
      };
      jsonSchema.allOf = modules.map(({ manifest, settings }) => ({
        if: { properties: { module: { const: manifest.id } }, required: ["module"] },
        // oxlint-disable-next-line unicorn/no-thenable -- the word of JSON Schema, in data that nobody awaits
        then: { properties: { settings: withVariables(withoutDialect(settings)) } },
      }));
    },
  });
  return { ...schema, title: "Interactor site file" };
}

const withoutDialect = ({ $schema: _dialect, ...schema }: JsonSchema): JsonSchema => schema;

const variable = { type: "string", pattern: "\\$\\{" } as const;

/** In the place of any number or choice a variable may stand. */
function withVariables(schema: JsonSchema): z.core.JSONSchema.JSONSchema {
  const { type } = schema;
  const isOther =
    type === "number" || type === "integer" || type === "boolean" || "const" in schema || "enum" in schema;
  const { default: fallback, ...rest } = schema;
  if (isOther) return { anyOf: [rest, variable], ...(fallback === undefined ? {} : { default: fallback }) };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inside(key, value)]));
}

function inside(key: string, value: unknown): unknown {
  if (Array.isArray(value) && /^(any|one|all)Of$/.test(key))
    return value.map((each) => (isMap(each) ? withVariables(each) : each));
  if (!isMap(value)) return value;
  if (key === "properties")
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, isMap(each) ? withVariables(each) : each]),
    );
  return key === "items" || key === "additionalProperties" ? withVariables(value) : value;
}

const isMap = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
