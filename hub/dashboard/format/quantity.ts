/** Values as people read them: a text, and the sign of the unit beside it. */
import type { PortSpec } from "@interactor/shared/wire/messages/port";
import type { Value, ValueType } from "@interactor/shared/wire/value";
import { valueTextMax } from "../live/limits.ts";

export interface Quantity {
  readonly text: string;
  /** Empty when there is none. */
  readonly unit: string;
}

/** UCUM codes whose sign is another one. What is not here is its own sign. */
const signs: Readonly<Record<string, string>> = {
  Cel: "°C",
  "[degF]": "°F",
  deg: "°",
  Ohm: "Ω",
  um: "µm",
  us: "µs",
  "m/s2": "m/s²",
  m2: "m²",
  m3: "m³",
  "bit/s": "bit/s",
  "1": "",
};

const byteSigns = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** What a port declares of the values it takes or gives. */
export type Declared = Pick<PortSpec, "type" | "unit">;

export function quantityOf(value: Value | undefined, declared?: Declared): Quantity {
  const unitCode = declared?.unit ?? "";
  if (value === undefined) return { text: "no value yet", unit: "" };
  if (typeof value === "number") return ofNumber(value, unitCode, declared?.type);
  return { text: plainText(value), unit: typeof value === "string" && value !== "" ? signOf(unitCode) : "" };
}

/** Both parts in one line. */
export function quantityText({ text, unit }: Quantity): string {
  if (unit === "") return text;
  return unit === "°" ? `${text}${unit}` : `${text} ${unit}`;
}

/** `Cel` → `°C`. Annotations in braces are for readers already: `{frames}/s` → `frames/s`. */
export function signOf(unitCode: string): string {
  return signs[unitCode] ?? unitCode.replaceAll(/[{}]/g, "");
}

function ofNumber(value: number, unitCode: string, type: ValueType | undefined): Quantity {
  if (unitCode === "By" || unitCode === "By/s") return ofBytes(value, unitCode === "By" ? "" : "/s");
  if (unitCode === "s" && Math.abs(value) >= 120) return { text: spanText(value), unit: "" };
  return { text: numberText(value, type), unit: signOf(unitCode) };
}

/** As many digits as a reading of this size is worth; a value that moves a little keeps its width. */
export function numberText(value: number, type?: ValueType): string {
  if (Number.isInteger(value) && type !== "float") return plainZero(value.toFixed(0));
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e9)) return value.toExponential(2);
  return plainZero(value.toFixed(size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3));
}

const plainZero = (text: string): string => (/^-0(?:\.0*)?$/.test(text) ? text.slice(1) : text);

function ofBytes(value: number, per: string): Quantity {
  let scaled = value;
  let index = 0;
  while (Math.abs(scaled) >= 1000 && index < byteSigns.length - 1) {
    scaled /= 1000;
    index += 1;
  }
  const text = index === 0 ? scaled.toFixed(0) : scaled.toFixed(Math.abs(scaled) >= 100 ? 0 : 1);
  return { text: plainZero(text), unit: `${byteSigns[index] ?? "B"}${per}` };
}

/** Two neighbouring units: `3 d 4 h`, `2 h 5 min`, `4 min 10 s`. */
function spanText(value: number): string {
  const sign = value < 0 ? "-" : "";
  const seconds = Math.floor(Math.abs(value));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${sign}${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${sign}${hours} h ${minutes % 60} min`;
  return `${sign}${minutes} min ${seconds % 60} s`;
}

function plainText(value: Exclude<Value, number>): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "string") return value === "" ? "empty text" : shortened(value);
  if (value instanceof Uint8Array) return value.length === 1 ? "1 byte" : `${value.length} bytes`;
  return shortened(JSON.stringify(value, briefly));
}

/** A long list or a large map is cut before it is written out, for only its beginning is shown. */
function briefly(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return value.slice(0, valueTextMax);
  return value;
}

function shortened(text: string): string {
  return text.length <= valueTextMax ? text : `${text.slice(0, valueTextMax - 1)}…`;
}
