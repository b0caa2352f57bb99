/**
 * What one node shall run: its instances, its routes, what its inputs do when their source is lost or the show is
 * stopped, and the files that it needs for that. A plan is whole: every field is there, because a list that somebody
 * forgot must never be read as a list that is empty on purpose.
 */
import * as z from "zod/mini";
import { ok, type Result } from "../../kernel/result.ts";
import { canonical } from "../canonical.ts";
import { type CborBounds, encodeCbor } from "../cbor.ts";
import {
  bundleBytesMax,
  instancesMax,
  planBytesMax,
  planDepthMax,
  planFilesMax,
  planItemsMax,
  portsMax,
  routesMax,
  scenesMax,
  zonesPerNodeMax,
} from "../limits.ts";
import { compiledRoute, duration } from "./desired.ts";
import { grants } from "./grants.ts";
import { moduleLimits } from "./module-limits.ts";
import {
  count,
  decodeDocument,
  type DocumentFault,
  documentVersion,
  name,
  portAddressText,
  shortText,
} from "./schema.ts";

/** SHA-256 in hex. */
const digestText = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const scalar = z.union([z.boolean(), z.number(), z.string()]);

const plannedInstance = z.object({
  module: name,
  version: shortText,
  /** Of the module's bundle; empty for one that comes with the agent, which `version` tells. */
  digest: z.union([digestText, z.literal("")]),
  settings: z.unknown(),
  /** By input: how long it goes on when the hub is not heard. */
  leases: z.record(name, duration),
  /** It takes new settings while it runs, by its manifest. */
  takesSettings: z.boolean(),
  /** Another version of it may run beside it for a moment, to take over without a break. Missing: it may not. */
  overlaps: z.optional(z.boolean()),
  /** Of a module that others have written: what it may reach. Missing: nothing. */
  grants: z.optional(grants),
  /** Of such a one: what it may use, where that is not as usual. */
  limits: z.optional(z.object(moduleLimits.shape)),
  /** Instances that start before it. Missing: none. */
  after: z.optional(z.array(name).check(z.maxLength(instancesMax))),
});

const plannedInput = z.object({
  /** Its source is lost: hold the last look (`null`: for ever), then fade, and end there; with no end it is let go. */
  failsafe: z.optional(z.object({ hold: z.nullable(duration), fade: duration, to: z.optional(scalar) })),
  /** A show stop: at once. */
  stop: z.optional(scalar),
  /** What it holds while nobody else has it. */
  background: z.optional(scalar),
});

const plannedFile = z.object({
  digest: digestText,
  bytes: z.int().check(z.nonnegative(), z.lte(bundleBytesMax)),
});

const plan = z.object({
  v: z.literal(documentVersion),
  instances: z
    .record(name, plannedInstance)
    .check(z.refine((all) => Object.keys(all).length <= instancesMax, "too many instances")),
  routes: z.array(compiledRoute).check(z.maxLength(routesMax)),
  /** By `instance/input`. */
  inputs: z
    .record(portAddressText, plannedInput)
    .check(z.refine((all) => Object.keys(all).length <= instancesMax * portsMax, "too many inputs")),
  /** What each scene sets here, by `instance/input`. */
  scenes: z
    .record(name, z.record(portAddressText, scalar))
    .check(z.refine((all) => Object.keys(all).length <= scenesMax, "too many scenes")),
  /** Zones that the node is in, beside those that it is told itself: their show stops hold it. Missing: none. */
  zones: z.optional(z.array(name).check(z.maxLength(zonesPerNodeMax))),
  /** What must be on the node's disk before it begins, by digest: bundles, assets. */
  files: z.array(plannedFile).check(z.maxLength(planFilesMax)),
});

export type PlannedInstance = z.infer<typeof plannedInstance>;
export type Plan = z.infer<typeof plan>;

const planBounds: CborBounds = { bytesMax: planBytesMax, itemsMax: planItemsMax, depthMax: planDepthMax };

/**
 * The bytes a plan is sent, kept and digested as. Equal plans have equal bytes, in whatever order their maps were
 * built: a revision that changes nothing must be known by its digest alone.
 */
export const encodePlan = (document: Plan): Uint8Array => encodeCbor(canonical(document));

/** A plan may be larger than a payload: it is then fetched in pieces. */
export const decodePlan = (bytes: Uint8Array): Result<Plan, DocumentFault> =>
  decodeDocument(bytes, plan, planBounds);

/** How long a node waits with what it has prepared. */
const hold = z.union([
  z.object({ kind: z.literal("none") }),
  /** Until the hub says that the mode allows it. */
  z.object({ kind: z.literal("mode"), why: shortText }),
  /** Until its group changes over at one tick of the site's clock. */
  z.object({ kind: z.literal("group"), group: name }),
]);

/** A target without its plan. */
export const awaitedTarget = z.object({
  v: z.literal(documentVersion),
  revision: count,
  /** Of the plan's bytes, by which they are fetched when they do not stand in the target. */
  digest: digestText,
  bytes: z.int().check(z.nonnegative(), z.lte(planBytesMax)),
  hold,
  /** How long it must be well before it counts as applied. */
  probation: duration,
});

/** What a node shall come to. An empty payload is no target: the node goes on with what it has. */
const target = z.object({
  ...awaitedTarget.shape,
  plan: z.optional(z.custom<Uint8Array>((value) => value instanceof Uint8Array)),
});

export type Target = z.infer<typeof target>;

export const encodeTarget = (document: Target): Uint8Array => encodeCbor(document);

export const decodeTarget = (bytes: Uint8Array): Result<Target | undefined, DocumentFault> =>
  bytes.length === 0 ? ok(undefined) : decodeDocument(bytes, target);
