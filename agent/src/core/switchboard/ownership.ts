/**
 * Who owns an actuator input: stop > manual > cue > route > calendar > background. Each kind may hold a value;
 * the most powerful one that does is the owner. What lies underneath is kept up to date, so that the input
 * goes to where it should be by now when the owner lets go.
 */
import { earliest, type Instant, type Micros } from "@interactor/shared/kernel/units";
import { type OwnerKind, ownerKinds, type OwnerReport } from "@interactor/shared/wire/messages/owners";
import type { Value } from "@interactor/shared/wire/value";

export interface Claim {
  readonly value: Value;
  /** When the reading or command behind it was made. */
  readonly at: Micros;
  /** The route's name, or who set it. */
  readonly by: string;
  /** When it lets go by itself, by the monotonic clock and for people. */
  readonly until?: { readonly due: Instant; readonly at: Micros };
}

export interface Owner {
  readonly kind: OwnerKind;
  readonly claim: Claim;
  /** When this owner took the input. */
  readonly since: Micros;
}

export class OwnershipStack {
  readonly #claims = new Map<OwnerKind, Claim>();
  #owner: Owner | undefined;

  get owner(): Owner | undefined {
    return this.#owner;
  }

  claimOf(kind: OwnerKind): Claim | undefined {
    return this.#claims.get(kind);
  }

  /** Sets or renews the claim of `kind`; `at` is now. */
  claim(kind: OwnerKind, claim: Claim, at: Micros): void {
    this.#claims.set(kind, claim);
    this.#settle(at);
  }

  release(kind: OwnerKind, at: Micros): void {
    if (this.#claims.delete(kind)) this.#settle(at);
  }

  /** Lets go of what has run out. Returns when the next claim does. */
  expire(now: Instant, at: Micros): Instant | undefined {
    let next: Instant | undefined;
    for (const [kind, { until }] of this.#claims) {
      if (until === undefined) continue;
      if (until.due <= now) this.release(kind, at);
      else next = earliest(next, until.due);
    }
    return next;
  }

  #settle(at: Micros): void {
    const before = this.#owner;
    this.#owner = undefined;
    for (const kind of ownerKinds) {
      const claim = this.#claims.get(kind);
      if (claim === undefined) continue;
      const isSame = before?.kind === kind && before.claim.by === claim.by;
      this.#owner = { kind, claim, since: isSame ? before.since : at };
      return;
    }
  }
}

/** Of the owners of which `isTold` is true; `isLost`: what the route of that input follows is lost. */
export function reportsOf(
  stacks: ReadonlyMap<string, OwnershipStack>,
  isTold: (owner: Owner) => boolean,
  isLost: (input: string) => boolean,
): Record<string, OwnerReport> {
  const owners: Record<string, OwnerReport> = {};
  for (const [input, { owner }] of stacks) {
    if (owner === undefined || !isTold(owner)) continue;
    const { kind, since } = owner;
    const { by, until } = owner.claim;
    owners[input] = {
      kind,
      by: kind === "route" && isLost(input) ? `${by}, whose source is lost` : by,
      since,
      ...(until === undefined ? {} : { until: until.at }),
    };
  }
  return owners;
}
