/** What a hub tells of the modules that were published to it: over HTTP, in JSON. */
import * as z from "zod/mini";
import { instanceStates } from "../wire/messages/reported.ts";

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
  /** Nodes that have fetched it. */
  downloads: z._default(z.number(), 0),
});
export type RegisteredVersion = z.infer<typeof version>;

const running = z.object({
  module: z.string(),
  node: z.string(),
  instance: z.string(),
  /** What the node said last that it runs; missing: it has not said. */
  version: z.optional(z.string()),
  /** How it is, as the node said last. */
  state: z.optional(z.enum(instanceStates)),
  /** What the hub wants there; missing: nothing. */
  wanted: z.optional(z.string()),
  /** Whether the node is there now. */
  there: z.boolean(),
});
export type RunningModule = z.infer<typeof running>;

/**
 * Of each module its newest version; of one module all of them, the newest first. Of those modules the instances, wherever
 * they run or shall run.
 */
export const registryResponse = z.object({
  modules: z.array(version),
  running: z._default(z.array(running), []),
});
