/** What a hub tells of the crashes of modules: over HTTP, in JSON, units in the names. */
import * as z from "zod/mini";
import { crashCauses } from "./messages/crash.ts";

/** One of them: with `/<id>` behind it. `?node=…&instance=…&from=…` */
export const crashesPath = "/api/v1/crashes";
/** Crashes in one answer, the last first. More: the next ones have to be asked for. */
export const crashesToldMax = 100;

const summary = z.object({
  id: z.string(),
  node: z.string(),
  guest: z.enum(["worker", "sandbox"]),
  cause: z.enum(crashCauses),
  reason: z.string(),
  instances: z.array(
    z.object({ instance: z.string(), module: z.string(), version: z.string(), digest: z.string() }),
  ),
  /** How often it happened. */
  times: z.number(),
  /** ISO 8601, by the site's clock. */
  first_at: z.string(),
  last_at: z.string(),
  /** The node did not know the site's clock then. */
  unsynchronised: z.boolean(),
});

const details = z.object({
  ...summary.shape,
  stack: z.string(),
  /** What it was told and what it said last, the oldest first. */
  told: z.array(z.string()),
  said: z.array(z.string()),
  exit_code: z.nullable(z.number()),
  signal: z.nullable(z.string()),
  memory_bytes: z.nullable(z.number()),
  cpu_ms: z.nullable(z.number()),
  up_ms: z.number(),
  /** How often it had been started before, in that life of the agent. */
  restarts: z.number(),
  agent_version: z.string(),
});

export type CrashSummary = z.infer<typeof summary>;
export type CrashDetails = z.infer<typeof details>;

export const crashesResponse = z.object({ crashes: z.array(summary) });
export const crashResponse = details;
