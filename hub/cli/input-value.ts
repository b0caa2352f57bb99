/** A value on the command line, read as the input's type wants it. What does not fit is refused, not bent. */
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { textLengthMax } from "@interactor/shared/wire/limits";
import type { InputSpec } from "@interactor/shared/wire/messages/port";

export type InputValue = boolean | number | string | Uint8Array;

const words: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  "1": true,
  off: false,
  false: false,
  "0": false,
};

/** Fails with what would be right. */
export function readInputValue(text: string, spec: InputSpec): Result<InputValue, string> {
  switch (spec.type) {
    case "bool": {
      const value = Object.hasOwn(words, text.toLowerCase()) ? words[text.toLowerCase()] : undefined;
      return value === undefined ? failed("takes on or off (true, false, 1, 0)") : ok(value);
    }
    case "int":
    case "float":
      return readNumber(text, spec);
    case "text":
      return text.length > textLengthMax ? failed(`takes at most ${textLengthMax} characters`) : ok(text);
    case "bytes":
      return /^(0x)?([0-9a-f]{2})*$/i.test(text)
        ? ok(Uint8Array.from(Buffer.from(text.replace(/^0x/i, ""), "hex")))
        : failed("takes bytes in hex, two digits each, such as 0x00ff");
    case "record":
      return failed("takes a record, which cannot be set by hand");
    default:
      return failed(`is of a type this command does not know; is the hub newer?`);
  }
}

function readNumber(text: string, spec: InputSpec): Result<number, string> {
  const wanted = `takes a ${spec.type === "int" ? "whole number" : "number"}${rangeWords(spec)}`;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return failed(wanted);
  const value = Number(text);
  if (spec.type === "int" ? !Number.isSafeInteger(value) : !Number.isFinite(value)) return failed(wanted);
  if (value < (spec.min ?? value) || value > (spec.max ?? value)) return failed(wanted);
  return ok(value);
}

function rangeWords({ min, max, unit }: InputSpec): string {
  const unitWords = unit === undefined || unit === "1" ? "" : ` (in ${unit})`;
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}${unitWords}`;
  if (min !== undefined) return ` from ${min} up${unitWords}`;
  return max === undefined ? unitWords : ` up to ${max}${unitWords}`;
}
