/** What an output gives and an input takes. Whole numbers beyond ±2^53 lose precision: use text for ids. */
export type Value =
  | boolean
  | number
  | string
  | Uint8Array
  | null
  | readonly Value[]
  | { readonly [key: string]: Value };

export const valueTypes = ["bool", "int", "float", "text", "bytes", "record"] as const;
export type ValueType = (typeof valueTypes)[number];

/** Whether `value` is of `type`. `record` takes any map or list; numbers must be finite. */
export function isOfType(value: Value, type: ValueType): boolean {
  switch (type) {
    case "bool":
      return typeof value === "boolean";
    case "int":
      return Number.isSafeInteger(value);
    case "float":
      return typeof value === "number" && Number.isFinite(value);
    case "text":
      return typeof value === "string";
    case "bytes":
      return value instanceof Uint8Array;
    case "record":
      return typeof value === "object" && value !== null && !(value instanceof Uint8Array);
    default:
      return false;
  }
}

/** Whether `value` can be sent: plain data, no deeper than `levels` lists and maps inside each other. */
export function isSendable(value: unknown, levels: number): value is Value {
  switch (typeof value) {
    case "boolean":
    case "number":
    case "string":
      return true;
    case "object":
      return value === null || value instanceof Uint8Array || isSendableContainer(value, levels);
    default:
      return false;
  }
}

function isSendableContainer(value: object, levels: number): boolean {
  if (levels === 0) return false;
  const isInside = (each: unknown): boolean => isSendable(each, levels - 1);
  if (Array.isArray(value)) return value.every(isInside);
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isInside);
}

/** Whether two values are equal, whole: lists and records by what is in them. */
export function isSame(left: Value, right: Value): boolean {
  if (Object.is(left, right) || left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    if (!(left instanceof Uint8Array && right instanceof Uint8Array)) return false;
    return left.length === right.length && left.every((byte, index) => byte === right[index]);
  }
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [before, after] = [Object.entries(left), new Map(Object.entries(right))];
  return (
    before.length === after.size &&
    before.every(([key, value]) => {
      const other = after.get(key);
      return other !== undefined && isSame(value, other);
    })
  );
}

/** About what a value takes in memory and on the wire. */
export function bytesOfValue(value: Value): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 9;
  if (value instanceof Uint8Array) return value.length;
  let bytes = 8;
  for (const [key, each] of Object.entries(value)) bytes += key.length + bytesOfValue(each);
  return bytes;
}
