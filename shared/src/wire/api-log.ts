/** What modules log, over the hub's HTTP API while somebody reads it, in JSON. */
import * as z from "zod/mini";
import { logLevels } from "./messages/log.ts";
import { isName } from "./names.ts";

export const logsPath = "/api/v1/logs";

const name = z.string().check(z.refine(isName, "not a name"));

export const logRequest = z.object({
  node: name,
  /** Left out: of all instances of the node. */
  instance: z.optional(name),
});
export type LogRequest = z.infer<typeof logRequest>;

const lineView = z.object({
  /** ISO 8601. */
  at: z.string(),
  instance: z.string(),
  level: z.enum(logLevels),
  words: z.string(),
  /** JSON, as far as it was not cut. */
  details: z.optional(z.string()),
});
export type LogLineView = z.infer<typeof lineView>;

/** What has come since it was asked for last. */
export const logView = z.object({
  id: z.number(),
  /** The node has said that it tells. */
  heard: z.boolean(),
  lines: z.array(lineView),
  /** So many were left out, because there were more than may pass. */
  left_out: z.number(),
});
export type LogView = z.infer<typeof logView>;
