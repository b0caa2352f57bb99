/**
 * What this node lets modules of others have, whatever a site grants them: whoever set up the machine has the last word.
 * What is past it is refused in words, before anything begins. What nobody asked for is cut down to it.
 */
import { grantKinds, grantWords, type Grants, isAmong } from "@interactor/shared/wire/messages/grants";
import {
  limitNames,
  limitWords,
  type ModuleLimits,
  moduleLimitsDefault,
} from "@interactor/shared/wire/messages/module-limits";

export interface Ceiling {
  /** Where it stands, for people. */
  readonly place: string;
  /** Ids of modules; `undefined`: any. */
  readonly modules: readonly string[] | undefined;
  /** The only ones of a kind; a kind that is not there has no ceiling. */
  readonly reach: Grants;
  readonly limits: ModuleLimits;
}

export interface Asking {
  readonly module: string;
  readonly grants?: Grants | undefined;
  readonly limits?: ModuleLimits | undefined;
}

/** `undefined`: all of it is within. */
export function pastCeiling(
  { module, grants = {}, limits = {} }: Asking,
  ceiling: Ceiling,
): string | undefined {
  const where = `the ceiling of this node (${ceiling.place})`;
  if (ceiling.modules?.includes(module) === false) return `${where} does not let ${module} run here`;
  const reached = grantKinds.flatMap((kind) => {
    const allowed = ceiling.reach[kind];
    const past = (grants[kind] ?? []).filter(
      (name) => allowed !== undefined && !isAmong(kind, name, allowed),
    );
    return past.map((name) => `${grantWords[kind]} ${name}`);
  });
  const used = limitNames.flatMap((limit) => {
    const [asked, most] = [limits[limit], ceiling.limits[limit]];
    return asked === undefined || most === undefined || asked <= most
      ? []
      : [`${asked} ${limitWords[limit]} (at most ${most})`];
  });
  const past = [...reached, ...used];
  return past.length === 0 ? undefined : `${where} does not let it have ${past.join(", ")}`;
}

/** What it is held to. */
export function limitsUnder(
  { limits = {} }: Pick<Asking, "limits">,
  ceiling: Pick<Ceiling, "limits">,
): Required<ModuleLimits> {
  const under = limitNames.map((limit) => {
    const given = limits[limit] ?? moduleLimitsDefault[limit];
    return [limit, Math.min(given, ceiling.limits[limit] ?? given)] as const;
  });
  return { ...moduleLimitsDefault, ...Object.fromEntries(under) };
}
