import { failed, ok, type Result } from "./result.ts";
import { type Millis, millis } from "./units.ts";

const spans = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Reads `250ms`, `10s`, `1.5m` or `1h`. No unit, a sign or anything else beside it is refused. */
export function parseDuration(text: string): Result<Millis, "not-a-duration"> {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text.trim());
  const unit = match?.[2];
  if (unit !== "ms" && unit !== "s" && unit !== "m" && unit !== "h") return failed("not-a-duration");
  return ok(millis(Number(match?.[1]) * spans[unit]));
}
