/** What inputs take, and under which names. */
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import { isOfType, type Value } from "@interactor/shared/wire/value";

/** The value as the input takes it: whole where whole numbers are wanted, inside the declared range. */
export function fitted(value: Value, spec: InputSpec): Value | undefined {
  if (typeof value === "number" && (spec.type === "int" || spec.type === "float")) {
    if (!Number.isFinite(value)) return undefined;
    const whole = spec.type === "int" ? Math.round(value) : value;
    return Math.min(Math.max(whole, spec.min ?? whole), spec.max ?? whole);
  }
  return isOfType(value, spec.type) ? value : undefined;
}

export function portNames(port: string, spec: InputSpec): string[] {
  if (spec.count === undefined) return [port];
  return Array.from({ length: spec.count }, (_, index) => `${port}${index + 1}`);
}

/** Values of actuators are scalars; anything else counts as new. */
export const isSameValue = (left: Value, right: Value): boolean => left === right && typeof left !== "object";
