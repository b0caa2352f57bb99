/** What a node is told that a module may have, against what its publisher signed that it asks for: a hub can add nothing. */
import * as z from "zod/mini";
import { grantKinds, type Grants, grantWords, isAmong } from "../wire/messages/grants.ts";
import {
  limitNames,
  limitWords,
  type ModuleLimits,
  moduleLimits,
  moduleLimitsDefault,
} from "../wire/messages/module-limits.ts";
import { needsOf, permissionKinds } from "./manifest.ts";

const { catch: orElse } = z;
const kind = z.enum(permissionKinds);
const permission = z.union([
  z.object({ kind, names: z.array(z.string()) }),
  z.object({
    kind,
    from: z.string(),
    within: z.exactOptional(z.string()),
    rank: z.exactOptional(z.string()),
    rather: z.exactOptional(
      z.array(
        z.object({
          from: z.string(),
          plus: z.exactOptional(z.number()),
          parts: z.exactOptional(z.record(z.string(), z.number())),
        }),
      ),
    ),
  }),
]);
/** What says nothing sensible asks for nothing. */
const asking = z.object({
  permissions: orElse(z.array(permission), []),
  limits: orElse(z.object(moduleLimits.shape), {}),
});

interface Given {
  readonly settings: unknown;
  readonly grants?: Grants | undefined;
  readonly limits?: ModuleLimits | undefined;
}

/** In words, of an instance with these settings; nothing: it has asked for all of it. */
export function unasked(manifest: unknown, { settings, grants = {}, limits = {} }: Given): readonly string[] {
  const parsed = asking.safeParse(manifest);
  const asked = parsed.success ? parsed.data : { permissions: [], limits: {} };
  const needs = needsOf(asked, settings);
  const reach = grantKinds.flatMap((each) => {
    const names = needs.filter((need) => need.kind === each).map(({ name }) => name);
    const beyond = (grants[each] ?? []).filter((name) => !isAmong(each, name, names));
    return beyond.map((name) => `${grantWords[each]} ${name}`);
  });
  const use = limitNames.flatMap((limit) => {
    const given = limits[limit] ?? 0;
    const most = Math.max(asked.limits[limit] ?? 0, moduleLimitsDefault[limit]);
    return given <= most ? [] : [`${given} ${limitWords[limit]}`];
  });
  return [...reach, ...use];
}
