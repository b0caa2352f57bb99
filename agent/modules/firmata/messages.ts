/** What an instance and the process of its board say to each other. Pure. */
import * as z from "@interactor/shared/sdk/schemas";
import { settings } from "./settings.ts";

const value = z.union([z.boolean(), z.number()]);

/** To the board. */
export const toBoard = z.discriminatedUnion("kind", [
  /** `path`: where it is just now. `places`: where steppers stand, in steps. */
  z.object({
    kind: z.literal("begin"),
    path: z.string(),
    settings,
    places: z.record(z.string(), z.int()),
  }),
  z.object({ kind: z.literal("set"), input: z.string(), value }),
  /** Nothing of it shall drive anything. */
  z.object({ kind: z.literal("rest") }),
  z.object({ kind: z.literal("end") }),
]);

/** From the board. */
export const fromBoard = z.discriminatedUnion("kind", [
  /** There is no such line. */
  z.object({ kind: z.literal("missing"), words: z.string() }),
  z.object({ kind: z.literal("failed"), words: z.string() }),
  /** The line is open. */
  z.object({ kind: z.literal("opened") }),
  /** It has said what it is, and which pins it has. */
  z.object({ kind: z.literal("named"), firmware: z.string(), release: z.string() }),
  /** All devices are set up. */
  z.object({ kind: z.literal("ready") }),
  /** Its board has answered. */
  z.object({ kind: z.literal("alive") }),
  z.object({ kind: z.literal("value"), output: z.string(), value }),
  /** What it gave last may not be true any more. */
  z.object({ kind: z.literal("stale"), output: z.string() }),
  /** A stepper rests there, or leaves from there, in steps. */
  z.object({ kind: z.literal("moved"), input: z.string(), at: z.int(), isMoving: z.boolean() }),
  /** A part of it does not work, and does again. */
  z.object({ kind: z.literal("worse"), part: z.string(), words: z.string() }),
  z.object({ kind: z.literal("well"), part: z.string() }),
]);

export type ToBoard = z.infer<typeof toBoard>;
export type FromBoard = z.infer<typeof fromBoard>;
