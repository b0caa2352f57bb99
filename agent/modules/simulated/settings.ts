import * as z from "@interactor/shared/sdk/schemas";

/**
 * Visits last 21 s on average and come one after the other; more than 150 an hour would leave no time between
 * them.
 */
const visitorsPerHourMax = 150;
const metres = z.number().check(z.gte(0), z.lte(100));

const spanSeconds = z.number().check(z.gte(0), z.lte(86_400));
const words = z.string().check(z.minLength(1), z.maxLength(200));

const misbehave = z.strictObject({
  /** Nobody may give it settings: these words say why. */
  veto: z.optional(words),
  /** It fails to start, with these words. */
  start: z.optional(words),
  /** It does not do what it is for, with these words. */
  selfTest: z.optional(words),
  /** Seconds from its start until its worker thread dies. */
  crashAfter: z.optional(spanSeconds),
  /** Seconds from its start until its worker thread answers nobody any more. */
  hangAfter: z.optional(spanSeconds),
});

export const settings = z
  .strictObject({
    /** The same seed gives the same visitors. Left out: made from the instance's name. */
    seed: z.optional(z.int().check(z.gte(0), z.lte(0xffff_ffff))),
    /** Distances in a second. */
    rate: z._default(z.number().check(z.gte(0.1), z.lte(100)), 20),
    visitorsPerHour: z._default(z.number().check(z.gte(1), z.lte(visitorsPerHourMax)), 120),
    nearest: z._default(metres, 0.2),
    farthest: z._default(metres, 4),
    /** Standard deviation of one distance, in metres. */
    noise: z._default(z.number().check(z.gte(0), z.lte(1)), 0.01),
    /** Share of distances the sensor fails to take. */
    dropouts: z._default(z.number().check(z.gte(0), z.lte(1)), 0.002),
    /** How long motion stays true after the last movement, in seconds. */
    motionHold: z._default(z.number().check(z.gte(0), z.lte(600)), 2),
    /** While somebody stands there. */
    pressesPerMinute: z._default(z.number().check(z.gte(0), z.lte(60)), 10),
    /** What goes wrong, for a rehearsal of how a node gets over it. */
    misbehave: z.optional(misbehave),
  })
  .check(({ value, issues }) => {
    if (value.farthest - value.nearest >= 0.1) return;
    const message = "farthest must be at least 0.1 m more than nearest";
    issues.push({ code: "custom", message, path: ["farthest"], input: value.farthest });
  });

export type Settings = z.infer<typeof settings>;
