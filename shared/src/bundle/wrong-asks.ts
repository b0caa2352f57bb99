/** What a manifest asks for and no site could make sense of: its module would be there, and nobody could name it. */
import * as z from "zod/mini";
import { moduleLimits } from "../wire/messages/module-limits.ts";
import { parseVersionRange } from "./version-range.ts";

const asking = z.object({
  requires: z.optional(z.record(z.string(), z.string())),
  engines: z.optional(z.object({ interactor: z.optional(z.string()) })),
  limits: z.optional(moduleLimits),
});

/** In words; nothing: all of it can be read. */
export function wrongAsks(manifest: object): readonly string[] {
  const parsed = asking.safeParse(manifest);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `its ${path.join(".")} is wrong: ${message}`);
  const { requires = {}, engines } = parsed.data;
  const ranges = [...Object.entries(requires), ["interactor", engines?.interactor ?? "*"] as const];
  return ranges.flatMap(([what, range]) =>
    parseVersionRange(range).ok ? [] : [`it wants ${what} in versions "${range}", which is no range`],
  );
}
