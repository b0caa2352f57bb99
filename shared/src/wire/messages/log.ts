/**
 * What modules of a node log, while somebody reads it: the hub says on `listen` whose lines it wants and for how long, and
 * says so again before that is over; the node tells them on `log`, one word at a time. Nothing is retained.
 */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { type Micros, micros } from "../../kernel/units.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, name } from "./schema.ts";

/** For which a node is listened to unless it is asked again, in ms. More: refuse. */
const listenSpanMax = 60_000;
/** Instances that are named. More: refuse; whoever wants more of them wants all. */
export const listenInstancesMax = 16;
/** Lines of one word. More: refuse. */
export const logLinesMax = 64;
/** UTF-16 units of one line. Longer: cut. */
export const logWordsLength = 1000;
/** UTF-16 units of what stands beside it. Longer: cut. */
export const logDetailsLength = 500;
/** A word is closed before it passes this, so that a slow line stays free for what is urgent. */
export const logWordBytes = 8 * 1024;
/** One line alone may have more than a word should. Larger: refuse. */
export const logWordBytesMax = 16 * 1024;

const listen = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("listen"),
  /** None: all of them. */
  instances: z.array(name).check(z.maxLength(listenInstancesMax)),
  /** In ms, from now on, instead of what was asked before; 0: no more. */
  span: z.number().check(z.gte(0), z.lte(listenSpanMax)),
});
export type Listen = z.infer<typeof listen>;

export const logLevels = ["info", "warn", "error"] as const;

const line = z.object({
  /** By the site's clock. */
  at: z.pipe(
    count,
    z.transform((value: number): Micros => micros(value)),
  ),
  instance: name,
  level: z.enum(logLevels),
  words: z.string().check(z.maxLength(logWordsLength)),
  /** What a module has put beside its words, as JSON, as far as it was not cut. */
  details: z.optional(z.string().check(z.maxLength(logDetailsLength))),
});
export type LogLine = z.infer<typeof line>;

const lines = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("lines"),
  /** The oldest first. None: it was asked, and there is nothing yet. */
  lines: z.array(line).check(z.maxLength(logLinesMax)),
  /** So many that came before these were left out. */
  leftOut: count,
});
export type LogWord = z.infer<typeof lines>;

export const encodeListen = (document: Listen): Uint8Array => encodeCbor(document);

export const decodeListen = (bytes: Uint8Array): Result<Listen, DocumentFault> =>
  decodeDocument(bytes, listen);

export const encodeLogWord = (document: LogWord): Uint8Array =>
  encodeCbor({
    ...document,
    lines: document.lines.map((each) => ({ ...each, at: wireInteger(each.at) })),
  });

export function decodeLogWord(bytes: Uint8Array): Result<LogWord, DocumentFault> {
  return bytes.length > logWordBytesMax ? { ok: false, error: "too-large" } : decodeDocument(bytes, lines);
}
