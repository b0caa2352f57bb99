/** Words of the command line that mean a number, a span of time or an address. Wrong ones are usage errors. */
import { InvalidArgumentError } from "commander";
import { parseDuration } from "@interactor/shared/kernel/duration";
import type { Millis } from "@interactor/shared/kernel/units";
import { durationMax } from "@interactor/shared/wire/limits";
import { isName } from "@interactor/shared/wire/names";

/** `10s`, `500ms`, `5m`, `1h`. */
export function durationArgument(text: string): Millis {
  const parsed = parseDuration(text);
  if (!parsed.ok || parsed.value === 0) throw new InvalidArgumentError("write 10s, 500ms, 5m or 1h.");
  if (parsed.value > durationMax) throw new InvalidArgumentError("at most 24h.");
  return parsed.value;
}

/** The same; a bare number is seconds. */
export function timeoutArgument(text: string): Millis {
  return durationArgument(/^[\d.]+$/.test(text) ? `${text}s` : text);
}

export function countArgument(text: string): number {
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count === 0) throw new InvalidArgumentError("write a number from 1.");
  return count;
}

export function portArgument(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("write a number from 0 (any free port) to 65535.");
}

export function nameArgument(text: string): string {
  if (isName(text)) return text;
  throw new InvalidArgumentError("a name is a-z, 0-9, - and _, at most 63 characters.");
}

export function hubArgument(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url !== undefined && isHttp && url.pathname === "/" && url.search === "") return url.origin;
  throw new InvalidArgumentError("write an address such as http://127.0.0.1:8080.");
}
