/** Profiles of running modules over the hub's HTTP API, in JSON; the file itself is gzip. */
import * as z from "zod/mini";
import { profileSpanMax } from "./limits.ts";
import { profiled } from "./messages/profile.ts";
import { isName } from "./names.ts";

export const profilesPath = "/api/v1/profiles";

const name = z.string().check(z.refine(isName, "not a name"));

export const profileRequest = z.object({
  node: name,
  instance: name,
  what: z.enum(profiled),
  span_ms: z.number().check(z.gte(0), z.lte(profileSpanMax)),
});
export type ProfileRequest = z.infer<typeof profileRequest>;

export const profileView = z.object({
  id: z.number(),
  state: z.enum(["making", "coming", "done", "failed"]),
  /** Bytes that have come, of so many. */
  got: z.number(),
  total: z.number(),
  /** Of one that failed. */
  code: z.optional(z.string()),
  reason: z.optional(z.string()),
});
export type ProfileView = z.infer<typeof profileView>;
