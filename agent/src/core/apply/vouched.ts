/**
 * What of a plan has to be asked about before it is installed: bundles that are new here, and whatever an instance of a
 * known one is given that it was not. What was allowed when it came holds up no other change, whatever expires later.
 */
import { unasked } from "@interactor/shared/bundle/unasked";
import type { SignedManifest } from "@interactor/shared/bundle/signed-module";
import { Fault } from "@interactor/shared/kernel/fault";
import { canonical } from "@interactor/shared/wire/canonical";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import type { Plan, PlannedInstance } from "@interactor/shared/wire/messages/plan";

type Unvouched = readonly (readonly [name: string, planned: PlannedInstance])[];

/** `installed`: plans that were allowed. Built-in modules came with the agent, and have no digest. */
export function unvouched({ instances }: Plan, installed: readonly Plan[]): Unvouched {
  const known = installed.flatMap((plan) => Object.values(plan.instances));
  return Object.entries(instances).filter(
    ([, planned]) =>
      planned.digest !== "" && !known.some((each) => isSame(planned, each) && isGivenNoMore(planned, each)),
  );
}

/**
 * Throws a Fault: `TRUST_MISNAMED` (a bundle is planned as a module or version that its publisher did not sign it as: a node
 * knows modules by their names), `TRUST_UNASKED` (an instance would be given what no publisher signed that it asks for).
 */
export function checkSigned(asked: Unvouched, manifests: ReadonlyMap<string, SignedManifest>): void {
  for (const [name, planned] of asked) {
    const signed = manifests.get(planned.digest);
    const [is, said] = [wordsOf(signed), wordsOf({ id: planned.module, version: planned.version })];
    if (is !== said)
      throw new Fault("TRUST_MISNAMED", `${name} is planned as ${said}, and its publisher signed ${is}`);
    const beyond = unasked(signed, planned);
    if (beyond.length > 0) {
      const words = `${name} would be given ${beyond.join(", ")}, which its publisher never asked for`;
      throw new Fault("TRUST_UNASKED", words);
    }
  }
}

const wordsOf = (module: Pick<SignedManifest, "id" | "version"> | undefined): string =>
  module === undefined ? "nothing" : `${module.id} ${module.version}`;

/** The same bytes under another name have not been allowed. */
const isSame = (planned: PlannedInstance, known: PlannedInstance): boolean =>
  planned.digest === known.digest && planned.module === known.module && planned.version === known.version;

/** Settings count only where something is given: they may name it. */
function isGivenNoMore(planned: PlannedInstance, known: PlannedInstance): boolean {
  if (planned.grants === undefined && planned.limits === undefined) return true;
  const [is, was] = [planned, known].map(({ grants = null, limits = null, settings }) =>
    Uint8Array.from(encodeCbor(canonical({ grants, limits, settings }))).join(),
  );
  return is === was;
}
