/** What routes say of inputs that are a state, and what of it is news. */
import type { Value } from "@interactor/shared/wire/value";
import { isSameValue } from "./input-values.ts";
import type { Claim } from "./ownership.ts";

/** How a route says something. */
export interface Manner {
  /** It happened: said once more it is as new as the first time. */
  readonly isNews?: boolean | undefined;
  /** Nothing happened: somebody came late, and is told how it is. */
  readonly isAgain?: boolean | undefined;
}

interface Word {
  readonly claim: Claim;
  /** All that is known of the route was told late. */
  readonly isLate: boolean;
}

/**
 * What each route said last of a state, who spoke last at the end. A sensor that says the same again changes nothing,
 * whatever others did meanwhile; a press does.
 */
export class Said {
  /** By input, `instance/input`, and route. */
  readonly #said = new Map<string, Map<string, Word>>();

  /**
   * Whether that is news. Who is told late how a route is hears nothing new of a state that is held: it lies beneath, for
   * when that is let go.
   */
  says(
    input: string,
    { isNews, isAgain, ...claim }: Claim & Manner,
    { rest, isHeld }: { readonly rest: Value; readonly isHeld: boolean },
  ): boolean {
    const said = this.#said.get(input) ?? new Map<string, Word>();
    const before = said.get(claim.by);
    if (before === undefined && isAgain === true) {
      const late = [claim.by, { claim, isLate: true }] as const;
      this.#said.set(input, new Map(isHeld ? [late, ...said] : [...said, late]));
      // That it is at rest is less than what its module may know.
      return !isHeld && !isSameValue(claim.value, rest);
    }
    const isPress = isNews === true && isAgain !== true;
    if (before !== undefined && !isPress && isSameValue(before.claim.value, claim.value)) return false;
    said.delete(claim.by);
    this.#said.set(input, said.set(claim.by, { claim, isLate: false }));
    return true;
  }

  /** The last word of those that have not let go. */
  last(input: string): Claim | undefined {
    return [...(this.#said.get(input)?.values() ?? [])].at(-1)?.claim;
  }

  /** Whether routes have said what was told late, and nothing else. */
  isLate(input: string): boolean {
    return [...(this.#said.get(input)?.values() ?? [])].every(({ isLate }) => isLate);
  }

  lets(input: string, route: string): void {
    this.#said.get(input)?.delete(route);
  }

  /** Of these routes nothing is known any more. */
  forgetRoutes(isGone: (route: string, input: string) => boolean): void {
    for (const [input, said] of this.#said)
      for (const route of said.keys()) if (isGone(route, input)) said.delete(route);
  }

  forget(input: string): void {
    this.#said.delete(input);
  }
}
