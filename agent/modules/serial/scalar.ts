/** Reads one value from text, strictly: half a number or a number with something behind it is none. */
import { unreachable } from "@interactor/shared/sdk/define-module";

export interface ScalarSpec {
  readonly type: "bool" | "int" | "float" | "text";
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export type ScalarFault = "not-a-bool" | "not-an-integer" | "not-a-number" | "out-of-range";

export type Scalar =
  | { readonly kind: "value"; readonly value: boolean | number | string }
  | { readonly kind: "fault"; readonly reason: ScalarFault };

const integer = /^[+-]?\d{1,16}$/;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const bools: ReadonlyMap<string, boolean> = new Map([
  ["0", false],
  ["1", true],
  ["false", false],
  ["true", true],
  ["off", false],
  ["on", true],
]);

export function readScalar(text: string, spec: ScalarSpec): Scalar {
  const trimmed = text.trim();
  switch (spec.type) {
    case "text":
      return { kind: "value", value: trimmed };
    case "bool": {
      const value = bools.get(trimmed.toLowerCase());
      return value === undefined ? { kind: "fault", reason: "not-a-bool" } : { kind: "value", value };
    }
    case "int": {
      const value = integer.test(trimmed) ? Number(trimmed) : Number.NaN;
      return Number.isSafeInteger(value) ? inRange(value, spec) : { kind: "fault", reason: "not-an-integer" };
    }
    case "float": {
      const value = decimal.test(trimmed) ? Number(trimmed) : Number.NaN;
      return Number.isFinite(value) ? inRange(value, spec) : { kind: "fault", reason: "not-a-number" };
    }
    default:
      return unreachable(spec.type);
  }
}

function inRange(value: number, { min, max }: ScalarSpec): Scalar {
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
    return { kind: "fault", reason: "out-of-range" };
  }
  return { kind: "value", value: value === 0 ? 0 : value }; // "-0" is nothing a reader shall have to think about
}
