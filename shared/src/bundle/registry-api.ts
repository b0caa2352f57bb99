/** What a hub tells of the modules that were published to it: over HTTP, in JSON. */
import * as z from "zod/mini";

export const registryPath = "/api/v1/modules";

/** Modules in one answer. More: the next ones have to be asked for. */
export const modulesToldMax = 100;

const version = z.object({
  id: z.string(),
  version: z.string(),
  publisher: z.string(),
  title: z.string(),
  description: z.string(),
  tags: z.string(),
  licence: z.string(),
  /** Kinds of what it needs, with commas. */
  permissions: z.string(),
  digest: z.string(),
  bytes: z.number(),
});
export type RegisteredVersion = z.infer<typeof version>;

/** Of each module its newest version; of one module all of them, the newest first. */
export const registryResponse = z.object({ modules: z.array(version) });
