/** What a failure on the way to a revision is called. */
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { ApplyEvent } from "./core/apply/apply-state.ts";

type Code = Extract<ApplyEvent, { kind: "failed" }>["code"];

/** Of a refusal its code too: that is what is looked up. */
export const wordsOf = (error: unknown): string =>
  error instanceof Fault && error.code.startsWith("TRUST_")
    ? `${error.code}: ${error.message}`
    : messageOf(error);

export function codeOf(error: unknown): Code {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC") return "DISK_FULL";
  if (typeof code === "string" && code.startsWith("TRUST_")) return "VERIFY_FAILED";
  return code === "VETO" || code === "UNHEALTHY" ? code : "FETCH_FAILED";
}

/** What it was to change to was not begun: what should take over from what runs cannot. */
export const isUntouched = (error: unknown): boolean =>
  error instanceof Fault && error.code === "TAKE_OVER_FAILED";
