/** Who asks to come in, and the answer. The words of a refusal are for the log. */
export interface Visitor {
  readonly id: string;
  /** The user name it gave, or "". */
  readonly user: string;
}

export interface Credentials extends Visitor {
  readonly password: Uint8Array | undefined;
}

type Refusal = "bad-credentials" | "not-allowed";

export type Entrance =
  | { readonly kind: "welcome" }
  | { readonly kind: "refused"; readonly because: Refusal; readonly reason: string };

export const welcome: Entrance = { kind: "welcome" };

export const refused = (because: Refusal, reason: string): Entrance => ({
  kind: "refused",
  because,
  reason,
});
