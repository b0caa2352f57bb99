/** Which control an input gets, from its declaration. */
import { type InputSpec, restOf } from "@interactor/shared/wire/messages/port";

export type ControlKind =
  | { readonly kind: "slider"; readonly min: number; readonly max: number; readonly step: number }
  | { readonly kind: "number"; readonly step: number | undefined }
  | { readonly kind: "switch" }
  /** What happens and is not kept has no place where a switch could stand. */
  | { readonly kind: "events" }
  | { readonly kind: "text" }
  /** Bytes and records are not for hands. */
  | { readonly kind: "none" };

export function controlKind(spec: InputSpec): ControlKind {
  switch (spec.type) {
    case "bool":
      return { kind: spec.actuator === true || restOf(spec) !== undefined ? "switch" : "events" };
    case "text":
      return { kind: "text" };
    case "int":
    case "float": {
      const { min, max } = spec;
      const isWhole = spec.type === "int";
      if (min === undefined || max === undefined || min >= max) {
        return { kind: "number", step: isWhole ? 1 : undefined };
      }
      return { kind: "slider", min, max, step: isWhole ? 1 : niceStep(max - min) };
    }
    default:
      return { kind: "none" };
  }
}

/** A power of ten, 200 to 2000 of which make the range. */
function niceStep(range: number): number {
  return Number((10 ** Math.floor(Math.log10(range / 200))).toPrecision(1));
}

/** What was typed, as the input can take it; `undefined` when it is no number. */
export function numberFrom(text: string, spec: InputSpec): number | undefined {
  const typed = Number(text.trim().replace(",", "."));
  if (text.trim() === "" || !Number.isFinite(typed)) return undefined;
  const whole = spec.type === "int" ? Math.round(typed) : typed;
  return Math.min(
    Math.max(whole, spec.min ?? Number.NEGATIVE_INFINITY),
    spec.max ?? Number.POSITIVE_INFINITY,
  );
}
