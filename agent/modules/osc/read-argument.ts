/** From the arguments of a message to a value of an output's type, and back. Pure. */
import { failed, ok, type Result, unreachable, type Value } from "@interactor/shared/sdk/define-module";
import type { OscArgument, OscMessage } from "./codec.ts";
import { type InputSettings, type OutputSettings, tagsOf } from "./settings.ts";

export type ReadFault = "no-such-argument" | "wrong-type" | "out-of-range";

/** The value that a message has for an output; `undefined`: none, and nothing is wrong with it. */
export function readValue(message: OscMessage, output: OutputSettings): Result<Value | undefined, ReadFault> {
  if (output.type === "record") return recordOf(message.arguments);
  if (output.argument === "none") return ok(isPress(message) || undefined);
  const argument = message.arguments[(output.argument ?? 1) - 1];
  if (argument === undefined) return failed("no-such-argument");
  const value = valueAs(output.type, argument);
  if (value === undefined) return failed("wrong-type");
  if (typeof value !== "number") return ok(value);
  const isInside = value >= (output.min ?? -Infinity) && value <= (output.max ?? Infinity);
  // "-0" is nothing a reader shall have to think about.
  return isInside ? ok(value === 0 ? 0 : value) : failed("out-of-range");
}

/** Buttons of tablets send 1 when they are pressed and 0 when they are let go, which is not a second press. */
function isPress({ arguments: [first] }: OscMessage): boolean {
  return first?.value !== 0 && first?.value !== false;
}

function valueAs(type: Exclude<OutputSettings["type"], "record">, argument: OscArgument): Value | undefined {
  const { value } = argument;
  switch (type) {
    case "bool":
      // Buttons send 1 and 0 as they like: as T and F, as integers, as floats; I is a bang.
      if (typeof value === "number" && Number.isFinite(value)) return value !== 0;
      return argument.tag === "I" ? true : typeof value === "boolean" ? value : undefined;
    case "int":
      if (typeof value === "boolean") return value ? 1 : 0;
      return Number.isSafeInteger(value) ? value : undefined;
    case "float":
      if (typeof value === "boolean") return value ? 1 : 0;
      return typeof value === "number" && Number.isFinite(value) ? value : undefined;
    case "text":
      return typeof value === "string" ? value : undefined;
    case "bytes":
      // The packet's memory is used again.
      return value instanceof Uint8Array ? value.slice() : undefined;
    default:
      return unreachable(type);
  }
}

function recordOf(given: readonly OscArgument[]): Result<Value, ReadFault> {
  const values = given.map(({ value }) => (value instanceof Uint8Array ? value.slice() : value));
  const isWhole = values.every((value) => typeof value !== "number" || Number.isFinite(value));
  return isWhole ? ok(values) : failed("wrong-type");
}

/** What a value is sent with; `does-not-fit` the type it is to be sent as; or `nothing` is sent: a button was let go. */
export function argumentsOf(
  value: Value,
  input: InputSettings,
): readonly OscArgument[] | "does-not-fit" | "nothing" {
  if (input.argument === "none") return value === true ? [] : value === false ? "nothing" : "does-not-fit";
  const argument = argumentOf(value, input);
  return argument === undefined ? "does-not-fit" : [argument];
}

function argumentOf(value: Value, { type, tag }: InputSettings): OscArgument | undefined {
  const chosen = tag ?? tagsOf[type][0];
  switch (chosen) {
    case "T":
      if (typeof value !== "boolean") return undefined;
      return value ? { tag: "T", value } : { tag: "F", value };
    case "s":
      // A NUL would end the text in the middle and leave the rest to be read as something else.
      return typeof value === "string" && !value.includes("\0") ? { tag: "s", value } : undefined;
    case "b":
      return value instanceof Uint8Array ? { tag: "b", value } : undefined;
    case "i":
    case "h":
    case "f":
    case "d":
      return numberArgument(chosen, typeof value === "boolean" ? Number(value) : value);
    default:
      return unreachable(chosen);
  }
}

function numberArgument(tag: "i" | "h" | "f" | "d", value: Value): OscArgument | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  if (tag === "d") return { tag, value };
  if (tag === "f") return Number.isFinite(Math.fround(value)) ? { tag, value } : undefined;
  const whole = Math.round(value);
  const fits = tag === "h" ? Number.isSafeInteger(whole) : whole === (whole | 0);
  return fits ? { tag, value: whole } : undefined;
}
