/** Kinds of values as people tell them apart, and what leads from one to another. */
import { compileExpression } from "../routing/expression.ts";
import type { PortSpec } from "../wire/messages/port.ts";
import type { ValueType } from "../wire/value.ts";
import type { WrittenRoute } from "./route-schema.ts";

export type Kind = "number" | "bool" | "text" | "bytes" | "record";

const kindOfType = {
  bool: "bool",
  int: "number",
  float: "number",
  text: "text",
  bytes: "bytes",
  record: "record",
} as const satisfies Record<ValueType, Kind>;

export const kindWords = {
  number: "a number",
  bool: "true or false",
  text: "a text",
  bytes: "bytes",
  record: "a record",
} as const satisfies Record<Kind, string>;

export const kindOf = ({ type }: PortSpec): Kind => kindOfType[type];

/** What an expression gives in any case; `undefined`: that depends on the value. */
export function kindOfExpression(source: string): Kind | undefined {
  const compiled = compileExpression(source);
  switch (compiled.ok ? compiled.value.gives : undefined) {
    case "double":
    case "int":
    case "uint":
      return "number";
    case "bool":
      return "bool";
    case "string":
      return "text";
    case "bytes":
      return "bytes";
    default:
      return undefined;
  }
}

/** What comes out of steps over time. Only some of them change what passes. */
export function kindAfter(kind: Kind | undefined, steps: WrittenSteps): Kind | undefined {
  let given = kind;
  for (const { window, hysteresis, map } of steps) {
    if (window !== undefined) given = "number";
    else if (hysteresis !== undefined) given = "bool";
    else if (map !== undefined) given = kindOfExpression(map);
  }
  return given;
}

/** Whether what leaves the route may be `null` by what is written. All steps let that pass but those that count. */
export function mayLetGo({ map, through = [] }: Pick<WrittenRoute, "map" | "through">): boolean {
  if (map !== undefined) return letsGo(map);
  let given = false;
  for (const step of through) {
    if (step.map !== undefined) given = letsGo(step.map);
    else if (step.window?.give === "count" || step.window?.give === "rate") given = false;
  }
  return given;
}

function letsGo(source: string): boolean {
  const compiled = compileExpression(source);
  return compiled.ok && compiled.value.letsGo;
}

type WrittenSteps = NonNullable<WrittenRoute["through"]>;

/** What to write in the place of a map that gives the wrong thing. */
export function conversionOf(given: Kind, wanted: Kind, source: string): string {
  return given === "text"
    ? `let it give ${kindWords[wanted]}`
    : conversion(given, wanted, source).replace("add", "write");
}

/** What to write so that it fits. */
export function conversion(given: Kind, wanted: Kind, source: string): string {
  const inner = /^\w+$/.test(source) ? source : `(${source})`;
  if (given === "bool" && wanted === "number") return `add map: "${inner} ? 1.0 : 0.0"`;
  if (given === "number" && wanted === "bool") return `add map: ${inner} > 0.5`;
  if (wanted === "text") return `add map: string(${source})`;
  return given === "text" && wanted === "number"
    ? `add map: double(${source})`
    : "add a map that makes it fit";
}
