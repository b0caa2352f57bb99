/** The hub's HTTP API for the site: revisions, how they come to nodes, modes. JSON, units in the names. */
import * as z from "zod/mini";
import { durationMax } from "./limits.ts";

export const configPaths = {
  /** POST: what would change, or everything that is wrong. */
  plan: "/api/v1/plan",
  /** GET: the newest first, at most `count`. POST: a new one. GET of one: with `/<number>` behind it. */
  revisions: "/api/v1/revisions",
  /** GET: newest first; one by `/<revision>`. POST of `/<revision>/pause|resume|abort|override`. */
  rollouts: "/api/v1/rollouts",
  /** GET; POST sets one. */
  modes: "/api/v1/modes",
} as const;

export const diffPath = (before: number, after: number): string =>
  `${configPaths.revisions}/${before}/diff/${after}`;
export const rollbackPath = (revision: number): string => `${configPaths.revisions}/${revision}/rollback`;

/** Twice what a site may include and name beside. More: refuse, before each is looked at while everybody waits. */
const siteFilesMax = 1024;
const hasFewKeys = (given: unknown): boolean =>
  typeof given === "object" && given !== null && Object.keys(given).length <= siteFilesMax;

/** A site as it is written: the first file's path and every text, by its path. */
const siteFiles = z.object({
  root: z.string(),
  files: z.pipe(
    z.custom<object>(hasFewKeys, `no more than ${siteFilesMax} of them, each a text under its path`),
    z.record(z.string(), z.string()),
  ),
});

/** Nobody waits for more steps than this, one after the other. More: refuse. */
const wavesMax = 100;
/** What a timer and a node's target can carry. Longer: refuse. */
const span = z.number().check(z.nonnegative(), z.lte(durationMax));

/** What people say of what they do, and who they are: it is kept, and told again. Longer: refuse. */
const wordsMax = 1000;
const words = z.string().check(z.maxLength(wordsMax));
/** What goes over a mode needs a reason. */
const reasonGiven = words.check(z.regex(/\S/, "a reason is needed: it is kept"));

const waveSize = z.union([
  z.object({ count: z.int().check(z.positive()) }),
  z.object({ share: z.number().check(z.gt(0), z.lte(1)) }),
  z.object({ group: z.string() }),
]);

/** What is not given, the hub decides by the number of nodes. */
const rolloutOptions = z.object({
  waves: z.optional(z.array(waveSize).check(z.maxLength(wavesMax))),
  /** Past this many failed it pauses. */
  threshold: z.optional(
    z.union([
      z.object({ count: z.int().check(z.nonnegative()) }),
      z.object({ share: z.number().check(z.gte(0), z.lte(1)) }),
    ]),
  ),
  /** How long a node must be well before it counts as applied. */
  probation_ms: z.optional(span),
  /** How long a wave must be well before the next begins. */
  settle_ms: z.optional(span),
  /** All nodes of this group at one tick of the site's clock, or none. */
  group: z.optional(z.string()),
});

/** Applies it whatever the modes say. The reason is kept. */
const override = z.optional(z.object({ reason: reasonGiven }));

export const planRequest = siteFiles;
export const applyRequest = z.object({
  ...siteFiles.shape,
  message: z.string(),
  author: z.string(),
  /** Refuse when this is not the newest: somebody was quicker. */
  base: z.optional(z.int()),
  rollout: z.optional(rolloutOptions),
  override,
});
export const rollbackRequest = z.object({
  message: z.string(),
  author: z.string(),
  rollout: z.optional(rolloutOptions),
  override,
});

const problem = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  path: z.string(),
  message: z.string(),
  /** What would be right. */
  hint: z.optional(z.string()),
  /** The line it stands in. */
  source: z.optional(z.string()),
});
/** With status 422. */
export const invalidResponse = z.object({ problems: z.array(problem), more: z.number() });

const siteChange = z.object({
  kind: z.enum(["added", "removed", "changed"]),
  what: z.string(),
  name: z.string(),
  nodes: z.array(z.string()),
  isRestart: z.boolean(),
  details: z.array(
    z.object({ path: z.string(), before: z.optional(z.unknown()), after: z.optional(z.unknown()) }),
  ),
});

const routesMoved = z.object({
  added: z.array(z.string()),
  removed: z.array(z.string()),
  changed: z.array(z.string()),
});

/** What a node has to do, from what it runs; a node that is not listed has nothing to do. */
const nodeChange = z.object({
  node: z.string(),
  start: z.array(z.string()),
  stop: z.array(z.string()),
  restart: z.array(z.string()),
  /** A new one starts beside the old one and takes over between two messages. */
  takeOver: z.array(z.string()),
  reconfigure: z.array(z.string()),
  routes: routesMoved,
  /** Inputs whose failsafe or stop value is another one. */
  inputs: z.array(z.string()),
  /** What modules of others may from then on reach or use that they may not now, in words. */
  asked: z.optional(z.array(z.object({ instance: z.string(), asks: z.array(z.string()) }))),
  /** Why it would wait, by its mode. */
  held: z.optional(z.string()),
  /** Whether it is there now. */
  there: z.boolean(),
});

export const planResponse = z.object({
  site: z.string(),
  /** The newest revision, which the changes are told against; 0: none. */
  base: z.number(),
  /** Whether it says the same as the newest, and that came to its nodes or is on its way: applying it does nothing. */
  unchanged: z.boolean(),
  changes: z.array(siteChange),
  nodes: z.array(nodeChange),
  /** Nodes that stay as they are. */
  untouched: z.number(),
  /**
   * What the hub itself does otherwise: routes between nodes, and what stands under groups, zones and modes. `held`: why
   * it would wait. Missing: all of that stays, or the hub is older.
   */
  hub: z.optional(z.object({ routes: routesMoved, held: z.optional(z.string()) })),
});
export const diffResponse = z.object({ changes: z.array(siteChange) });

const revisionView = z.object({
  number: z.number(),
  digest: z.string(),
  author: z.string(),
  /** ISO 8601. */
  at: z.string(),
  message: z.string(),
  confirmed: z.boolean(),
  rollback_of: z.optional(z.number()),
});
export const revisionsResponse = z.object({ revisions: z.array(revisionView) });
/** `files` is empty for one that was made of routes alone. */
export const revisionResponse = z.object({ revision: revisionView, ...siteFiles.shape });
/** With 201; with 200 and `unchanged` when there was nothing to do. */
export const appliedResponse = z.object({ revision: revisionView, unchanged: z.boolean() });

const nodeProgress = z.object({
  node: z.string(),
  wave: z.number(),
  state: z.enum(["waiting", "scheduled", "under-way", "held", "done", "failed"]),
  phase: z.optional(z.string()),
  code: z.optional(z.string()),
  reason: z.optional(z.string()),
  since_ms: z.number(),
});

export const rolloutView = z.object({
  revision: z.number(),
  kind: z.enum(["running", "paused", "trailing", "complete", "aborted"]),
  /** Why it is paused or aborted. */
  why: z.optional(z.string()),
  /** From 0. */
  wave: z.number(),
  waves: z.number(),
  nodes: z.array(nodeProgress),
  override: z.optional(z.object({ by: z.string(), reason: z.string() })),
  group: z.optional(z.string()),
  /** The newest last. */
  log: z.array(z.object({ ago_ms: z.number(), words: z.string() })),
  /** What the hub does itself: routes between nodes, modes. `why`: the mode that holds it. */
  hub: z.optional(z.object({ state: z.enum(["waiting", "held", "done"]), why: z.optional(z.string()) })),
});
export const rolloutsResponse = z.object({ rollouts: z.array(rolloutView) });

export const rolloutActions = ["pause", "resume", "abort", "override"] as const;
export const rolloutActionRequest = z.object({
  by: words,
  reason: words,
  /** Of an abort: who has it gets what it had before. */
  take_back: z.optional(z.boolean()),
});

/** Of an override. */
export const overrideRequest = z.object({ ...rolloutActionRequest.shape, reason: reasonGiven });

/** POST: lets another unit fill a node. */
export const swapPath = (node: string): string => `/api/v1/nodes/${node}/swap`;
export const swapRequest = z.object({
  by: words,
  /** Missing: any but the one that fills it now. */
  unit: z.optional(words.check(z.minLength(1))),
});
export const swapResponse = z.object({
  node: z.string(),
  /** The unit that fills it now, here or not. */
  before: z.optional(z.string()),
  unit: z.optional(z.string()),
});

const modeView = z.object({
  /** `site`: the whole. */
  zone: z.string(),
  /** Missing: it has none of its own, and none is set around it. */
  mode: z.optional(z.string()),
  /** The zone whose mode it is when it is not its own. */
  from: z.optional(z.string()),
  since: z.optional(z.string()),
  by: z.optional(z.string()),
  reason: z.optional(z.string()),
  /** What may be set here, with their flags. */
  modes: z.record(z.string(), z.object({ audience: z.boolean(), updates: z.boolean() })),
});
export const modesResponse = z.object({ site: z.string(), zones: z.array(modeView) });
export const modeRequest = z.object({
  zone: z.string(),
  mode: z.string(),
  by: words,
  reason: z.optional(words),
});

export type SiteFilesBody = z.infer<typeof siteFiles>;
export type RolloutOptions = z.infer<typeof rolloutOptions>;
export type ApplyRequest = z.infer<typeof applyRequest>;
export type RollbackRequest = z.infer<typeof rollbackRequest>;
export type InvalidResponse = z.infer<typeof invalidResponse>;
export type PlanResponse = z.infer<typeof planResponse>;
export type RevisionView = z.infer<typeof revisionView>;
export type RevisionResponse = z.infer<typeof revisionResponse>;
export type AppliedResponse = z.infer<typeof appliedResponse>;
export type RolloutView = z.infer<typeof rolloutView>;
export type RolloutActionRequest = z.infer<typeof rolloutActionRequest>;
export type SwapRequest = z.infer<typeof swapRequest>;
export type SwapResponse = z.infer<typeof swapResponse>;
export type ModesResponse = z.infer<typeof modesResponse>;
export type ModeRequest = z.infer<typeof modeRequest>;
