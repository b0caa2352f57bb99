/**
 * What is known of the end of a guest (a worker thread or a sandbox in which instances ran), for whoever has to find the
 * mistake. Said once for each kind of end on a node's `crash` topic, and again when it has happened again.
 */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { type Micros, micros } from "../../kernel/units.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import { instancesMax } from "../limits.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, name, shortText } from "./schema.ts";

/** A report as it goes over the wire; most have 3 KB. Larger: refuse. */
export const crashBytesMax = 20 * 1024;
/** Messages to a guest, and from it, that its report has. More: evict the oldest. */
export const crashMessagesMax = 10;
/** UTF-16 units of one of these. Longer: cut; they are to show the order of things. */
export const crashMessageLength = 120;
/** UTF-16 units of the stack. Longer: cut; what is nearest to the mistake stands first. */
export const crashStackLength = 4096;
/** UTF-16 units of the reason. Longer: cut. */
export const crashReasonLength = 300;
/** Instances that a report names: a thread that many share is known by the first. More: left out. */
export const crashInstancesMax = 16;

/** How it ended. */
export const crashCauses = [
  /** It threw, and nobody caught it; or its process ended by itself. */
  "error",
  /** It did not answer, and was ended. */
  "hang",
  /** It took more memory than it may. */
  "memory",
  /** It broke a rule of its sandbox, and was ended. */
  "sandbox",
  /** A signal ended it that the agent did not send. */
  "signal",
  /** It was told to stop, did not in time, and was ended. */
  "stop",
  /** An instance could not be started. */
  "start",
] as const;
export type CrashCause = (typeof crashCauses)[number];

/** The same crash has the same id, on one node and for one version. */
const crashId = z.string().check(z.regex(/^[0-9a-f]{16}$/));

const stamp = z.pipe(
  count,
  z.transform((value: number): Micros => micros(value)),
);

const crash = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("crash"),
  id: crashId,
  guest: z.enum(["worker", "sandbox"]),
  cause: z.enum(crashCauses),
  reason: shortText,
  /** What ran in it, and of which code. */
  instances: z
    .array(z.object({ instance: name, module: shortText, version: shortText, digest: shortText }))
    .check(z.maxLength(instancesMax)),
  /** Empty: it could not say where it was. */
  stack: z.string().check(z.maxLength(crashStackLength)),
  /** What it was told and what it said last, the oldest first, without settings and secrets. */
  told: z.array(shortText).check(z.maxLength(crashMessagesMax)),
  said: z.array(shortText).check(z.maxLength(crashMessagesMax)),
  /** The process's; of a thread its own. */
  code: z.optional(z.int()),
  signal: z.optional(shortText),
  /** Bytes it had when that was looked at last, and milliseconds of processor time in all. */
  memory: z.optional(count),
  cpuMs: z.optional(count),
  /** From its start to its end, in ms. */
  upMs: count,
  /** How often the same guest had been started before, in this life of the agent. */
  restarts: count,
  /** How often this happened; the rest is of the last time. */
  times: count,
  /** By the site's clock. */
  firstAt: stamp,
  lastAt: stamp,
  /** Stamped before the node knew the hub's clock. */
  isUnsynchronised: z.boolean(),
  agentVersion: shortText,
});

export type CrashReport = z.infer<typeof crash>;

export const encodeCrashReport = (document: CrashReport): Uint8Array =>
  encodeCbor({
    ...document,
    ...(document.memory === undefined ? {} : { memory: wireInteger(document.memory) }),
    firstAt: wireInteger(document.firstAt),
    lastAt: wireInteger(document.lastAt),
  });

export function decodeCrashReport(bytes: Uint8Array): Result<CrashReport, DocumentFault> {
  return bytes.length > crashBytesMax ? { ok: false, error: "too-large" } : decodeDocument(bytes, crash);
}
