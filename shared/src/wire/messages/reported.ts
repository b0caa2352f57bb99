/** What a node runs: its revision, how its instances are, and who owns its actuator inputs. Retained. */
import * as z from "zod/mini";
import { failed, ok, type Result } from "../../kernel/result.ts";
import { encodeCbor } from "../cbor.ts";
import { checksMax } from "../machine-check.ts";
import { problemsMax } from "../limits.ts";
import { pluggedIn } from "../plugged-in.ts";
import {
  count,
  decodeDocument,
  type DocumentFault,
  documentVersion,
  name,
  portAddressText,
  session,
  shortText,
} from "./schema.ts";
import { bytesOfSession } from "../session.ts";
import { ownedAlike, type Owners, ownerReport, ownersFrom, ownersOnWire } from "./owners.ts";
import { latchesOnWire, zoneLatch } from "./stop.ts";

export const instanceStates = ["starting", "running", "waiting", "failed", "stopped"] as const;

const instanceReport = z.object({
  /**
   * `waiting`: it runs, but what it needs is away, such as an unplugged serial line; `reason` says what. `running` with a
   * `reason`: it works in part, and people are told that it is degraded. No state of its own: a reader that is older than
   * that would take no report with one.
   */
  state: z.enum(instanceStates),
  reason: z.optional(shortText),
});

const routeReport = z.object({
  /** How often it ran, and how often it failed. */
  passed: count,
  failed: count,
  /** The last failure in words. */
  error: z.optional(shortText),
  /** There when it has a budget, in ms, and values have passed. `over`: how many of them took longer. */
  budget: z.optional(
    z.object({
      budgetMs: z.number().check(z.nonnegative()),
      p99Ms: z.number().check(z.nonnegative()),
      over: count,
    }),
  ),
});

const stopReport = z.object({
  /** What holds this node. */
  latches: z.array(
    z.object({
      ...zoneLatch.shape,
      /** As below, of this latch. Missing: it came in an earlier life of the agent. */
      tookMs: z.optional(z.number().check(z.nonnegative())),
    }),
  ),
  /**
   * From the last latch's arrival in the agent until every actuator input was told, in ms of the node's own clock;
   * 0 while none has come in this life.
   */
  tookMs: z.number().check(z.nonnegative()),
});

/** What the node knows of the site's clock. */
const clockReport = z.object({
  synchronised: z.boolean(),
  /** The site's clock less the node's own, in ms; `null` while it is not known. */
  offsetMs: z.nullable(z.number()),
  /** How wrong the node's idea of the site's clock can be, in ms. */
  errorMs: z.nullable(z.number()),
  /** How often the hub's clock was found to have stepped. */
  steps: count,
});

/** How a node stands to a revision, in the order of its way there. */
const applyPhases = [
  "idle",
  "fetching",
  "verifying",
  "held",
  "preparing",
  "applying",
  "probing",
  "applied",
  "rejected",
  "going-back",
  "rolled-back",
] as const;

/** How far its files are, in the order of their way. */
export const transferStates = [
  "downloading",
  "downloaded",
  "verified",
  "updating",
  "updated",
  "failed",
] as const;

const transferReport = z.object({
  state: z.enum(transferStates),
  /** Of the file that is on its way: bytes that are there, and how many it has. */
  bytes: z.optional(count),
  total: z.optional(count),
});

const applyReport = z.object({
  /** What it is on its way to, or came to; 0 and empty when nothing was ever desired. */
  revision: count,
  digest: shortText,
  phase: z.enum(applyPhases),
  /** Why it was rejected or went back: a code for programs, words for people. */
  code: z.optional(shortText),
  reason: z.optional(shortText),
  transfer: z.optional(transferReport),
});

const lackReport = z.object({
  /** A name of `machineChecks`, or one of a newer agent. */
  check: shortText,
  state: z.enum(["degraded", "missing"]),
  words: shortText,
});

const reported = z.object({
  v: z.literal(documentVersion),
  session,
  /** What runs: the revision, and the digest of the plan that is in force; 0 and empty when there is none. */
  revision: count,
  digest: shortText,
  instances: z.record(name, instanceReport),
  /** Only inputs that have an owner. Those that a show stop holds are told by `stop` alone. */
  owners: z.record(portAddressText, ownerReport),
  routes: z.record(name, routeReport),
  /** What the node could not take from the wire, counted by kind and reason: `down wrong-shape`. */
  refused: z.record(shortText, count),
  /** Appended to version 1: there only while a show stop holds the node. */
  stop: z.optional(stopReport),
  /** What keeps the node from working wholly, in words for people; its instances speak for themselves. */
  problems: z.optional(z.array(shortText).check(z.maxLength(problemsMax))),
  clock: z.optional(clockReport),
  /** Owners of many inputs each, beside `owners`. */
  ownedAlike: z.optional(z.array(ownedAlike)),
  apply: z.optional(applyReport),
  /** What the node's machine lacks, once it has been looked at. */
  machine: z.optional(z.array(lackReport).check(z.maxLength(checksMax))),
  /** What is plugged into it, once somebody has looked. */
  devices: z.optional(pluggedIn),
});

export type ApplyPhase = (typeof applyPhases)[number];
export type TransferState = (typeof transferStates)[number];
export type ApplyReport = z.infer<typeof applyReport>;
export type InstanceReport = z.infer<typeof instanceReport>;
export type RouteReport = z.infer<typeof routeReport>;
export type StopReport = z.infer<typeof stopReport>;
export type ClockReport = z.infer<typeof clockReport>;
/** `owners` has every input that has an owner, however it was told. */
export type Reported = Omit<z.infer<typeof reported>, "ownedAlike" | "owners"> & { readonly owners: Owners };

export const encodeReported = (document: Reported): Uint8Array =>
  encodeCbor({
    ...document,
    session: bytesOfSession(document.session),
    ...ownersOnWire(document.owners),
    ...(document.stop === undefined
      ? {}
      : { stop: { ...document.stop, latches: latchesOnWire(document.stop.latches) } }),
  });

export function decodeReported(bytes: Uint8Array): Result<Reported, DocumentFault> {
  const decoded = decodeDocument(bytes, reported);
  if (!decoded.ok) return decoded;
  const { ownedAlike: alike = [], ...document } = decoded.value;
  const owners = ownersFrom(document.owners, alike);
  return owners === undefined ? failed("wrong-shape") : ok({ ...document, owners });
}
