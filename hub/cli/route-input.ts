/** A value for a route that is tried out, as it is written on the command line: `value`, `value@time`, `output=value@time`. */
import { parseDuration } from "@interactor/shared/kernel/duration";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import type { TraceInput } from "@interactor/shared/routing/trace-route";
import { valueDepthMax } from "@interactor/shared/wire/limits";
import { parseSiteAddress } from "@interactor/shared/wire/names";
import { isSendable, type Value } from "@interactor/shared/wire/value";

/** Values of one try. More: refuse. */
const inputsMax = 1000;

const words: Readonly<Record<string, boolean>> = { on: true, true: true, off: false, false: false };

/** All of them, in the order of their times, or what is wrong with the first that cannot be read. */
export function readInputs(texts: readonly string[]): Result<readonly TraceInput[], string> {
  if (texts.length > inputsMax) return failed(`at most ${inputsMax} values`);
  const inputs: TraceInput[] = [];
  for (const text of texts) {
    const read = readInput(text, inputs.at(-1)?.at ?? 0);
    if (!read.ok) return failed(`"${text}": ${read.error}`);
    if (read.value.at < (inputs.at(-1)?.at ?? 0))
      return failed(`"${text}" comes before the one in front of it`);
    inputs.push(read.value);
  }
  return ok(inputs);
}

function readInput(text: string, before: number): Result<TraceInput, string> {
  const { head, time } = split(text);
  const at = time === undefined ? ok(before) : parseDuration(time === "0" ? "0s" : time);
  if (!at.ok) return failed("behind @ stands a time from the beginning, such as 500ms or 2s");
  const equals = head.indexOf("=");
  const from = equals < 0 ? undefined : head.slice(0, equals);
  const isNamed = from !== undefined && parseSiteAddress(from).ok;
  const value = valueOf(isNamed ? head.slice(equals + 1) : head);
  if (!value.ok) return value;
  return ok({ at: at.value, value: value.value, ...(isNamed ? { from } : {}) });
}

/** At the last @, if what stands behind it could be a time: a text may have one too. */
function split(text: string): { readonly head: string; readonly time: string | undefined } {
  const at = text.lastIndexOf("@");
  const time = text.slice(at + 1);
  return at < 0 || !/^\d[\d.a-z]*$/.test(time)
    ? { head: text, time: undefined }
    : { head: text.slice(0, at), time };
}

function valueOf(text: string): Result<Value, string> {
  if (Object.hasOwn(words, text)) return ok(words[text] ?? false);
  if (!/^([-+\d."[{]|null$)/.test(text)) return ok(text);
  try {
    const value: unknown = JSON.parse(text.replace(/^\+/, ""));
    return isSendable(value, valueDepthMax) ? ok(value) : failed("too deep");
  } catch {
    return /^["[{]/.test(text) ? failed("is no JSON") : ok(text);
  }
}
