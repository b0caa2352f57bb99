/** Why a revision, a rollout or a mode is not as somebody wants it. */
import type { InvalidResponse } from "@interactor/shared/wire/api-config";

export type Refusal =
  | ({ readonly kind: "invalid" } & InvalidResponse)
  | {
      readonly kind: "bad-request" | "closed" | "conflict" | "not-found" | "too-large" | "unavailable";
      readonly error: string;
      /** What to do. */
      readonly hint?: string;
    };

/** For people, a line each. */
export function refusalWords(refusal: Refusal): readonly string[] {
  if (refusal.kind !== "invalid") {
    const { error, hint } = refusal;
    return [hint === undefined ? error : `${error}; ${hint}`];
  }
  const { problems, more } = refusal;
  const told = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return more === 0 ? told : [...told, `and ${more} more`];
}
