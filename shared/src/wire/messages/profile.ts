/**
 * How a running module spends its time, or what it holds: the hub asks a node for it on `profile`, and then for one piece
 * after the other, in its own time; the node answers on `profiled`. What is lost is asked for again; nothing is retained.
 */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import { pieceSumBytes, profilePieceBytes, profileSpanMax } from "../limits.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, name, shortText } from "./schema.ts";

const v = z.literal(documentVersion);

/** `cpu`: where time goes, over a span. `heap`: everything that is held, at one moment. */
export const profiled = ["cpu", "heap"] as const;
export type Profiled = (typeof profiled)[number];

const order = z.union([
  z.object({
    v,
    kind: z.literal("begin"),
    id: count,
    instance: name,
    what: z.enum(profiled),
    /** In ms; nothing to a heap. */
    span: z.number().check(z.gte(0), z.lte(profileSpanMax)),
  }),
  z.object({ v, kind: z.literal("piece"), id: count, at: count }),
  /** It is not needed any more. */
  z.object({ v, kind: z.literal("drop"), id: count }),
]);
type Unversioned<Wire> = Wire extends unknown ? Omit<Wire, "v"> : never;
export type ProfileOrder = Unversioned<z.infer<typeof order>>;

const bytesOf = (isRight: (length: number) => boolean) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && isRight(value.length));

const word = z.union([
  z.object({
    v,
    kind: z.literal("made"),
    id: count,
    /** Of all of it, as gzip has it. */
    total: count,
    /** The first bytes of its SHA-256. */
    sum: bytesOf((length) => length === pieceSumBytes),
  }),
  z.object({ v, kind: z.literal("failed"), id: count, code: shortText, reason: shortText }),
  z.object({
    v,
    kind: z.literal("bytes"),
    id: count,
    at: count,
    data: bytesOf((length) => length <= profilePieceBytes),
  }),
]);
export type ProfileWord = Unversioned<z.infer<typeof word>>;

export const encodeProfileOrder = (said: ProfileOrder): Uint8Array =>
  encodeCbor({ v: documentVersion, ...said, ...(said.kind === "piece" ? { at: wireInteger(said.at) } : {}) });

export function decodeProfileOrder(bytes: Uint8Array): Result<ProfileOrder, DocumentFault> {
  const decoded = decodeDocument(bytes, order);
  if (!decoded.ok) return decoded;
  const { v: _v, ...said } = decoded.value;
  return { ok: true, value: said };
}

export const encodeProfileWord = (said: ProfileWord): Uint8Array =>
  encodeCbor({ v: documentVersion, ...said, ...(said.kind === "bytes" ? { at: wireInteger(said.at) } : {}) });

export function decodeProfileWord(bytes: Uint8Array): Result<ProfileWord, DocumentFault> {
  const decoded = decodeDocument(bytes, word);
  if (!decoded.ok) return decoded;
  const { v: _v, ...said } = decoded.value;
  return { ok: true, value: said };
}
