/**
 * What of a plan has to be asked about before it is installed: bundles that are new here, and whatever an instance of a
 * known one is given that it was not. What was allowed when it came holds up no other change, whatever expires later.
 */
import { unasked } from "@interactor/shared/bundle/unasked";
import { canonical } from "@interactor/shared/wire/canonical";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import type { Plan, PlannedInstance } from "@interactor/shared/wire/messages/plan";

type Unvouched = readonly (readonly [name: string, planned: PlannedInstance])[];

/** `installed`: plans that were allowed. Built-in modules came with the agent, and have no digest. */
export function unvouched({ instances }: Plan, installed: readonly Plan[]): Unvouched {
  const known = installed.flatMap((plan) => Object.values(plan.instances));
  return Object.entries(instances).filter(
    ([, planned]) =>
      planned.digest !== "" &&
      !known.some((each) => each.digest === planned.digest && isGivenNoMore(planned, each)),
  );
}

/** What some of them would be given and no publisher signed that it asks for, in words; `undefined`: nothing. */
export function beyondSigned(asked: Unvouched, manifests: ReadonlyMap<string, unknown>): string | undefined {
  for (const [name, planned] of asked) {
    const beyond = unasked(manifests.get(planned.digest), planned);
    if (beyond.length > 0)
      return `${name} would be given ${beyond.join(", ")}, which its publisher never asked for`;
  }
  return undefined;
}

/** Settings count only where something is given: they may name it. */
function isGivenNoMore(planned: PlannedInstance, known: PlannedInstance): boolean {
  if (planned.grants === undefined && planned.limits === undefined) return true;
  const [is, was] = [planned, known].map(({ grants = null, limits = null, settings }) =>
    Uint8Array.from(encodeCbor(canonical({ grants, limits, settings }))).join(),
  );
  return is === was;
}
