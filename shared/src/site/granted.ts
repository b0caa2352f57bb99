/** What is granted to an instance of a module that others have written, as its node is told: what it needs, and no more. */
import type { Need } from "../bundle/manifest.ts";
import { grantKinds, type Grants } from "../wire/messages/grants.ts";
import { limitNames, type ModuleLimits, moduleLimitsDefault } from "../wire/messages/module-limits.ts";
import type { InstanceGrants } from "./site-schema.ts";

interface Granted {
  readonly grants?: Grants;
  readonly limits?: ModuleLimits;
}

/** What was not granted has been refused by then. */
export function grantedTo(needs: readonly Need[]): Pick<Granted, "grants"> {
  const kinds = grantKinds.flatMap((kind) => {
    const names = needs.filter((need) => need.kind === kind).map(({ name }) => name);
    return names.length === 0 ? [] : [[kind, [...new Set(names)].toSorted()] as const];
  });
  return kinds.length === 0 ? {} : { grants: Object.fromEntries(kinds) };
}

/** Only where it is not as usual: what it asks for, and no more than the site says. */
export function limitsFor(asked: ModuleLimits, granted: InstanceGrants = {}): Pick<Granted, "limits"> {
  const limits = limitNames.flatMap((limit) => {
    const usual = moduleLimitsDefault[limit];
    const given = Math.min(asked[limit] ?? usual, granted[limit] ?? Number.POSITIVE_INFINITY);
    return given === usual ? [] : [[limit, given] as const];
  });
  return limits.length === 0 ? {} : { limits: Object.fromEntries(limits) };
}
