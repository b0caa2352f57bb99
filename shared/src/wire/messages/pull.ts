/**
 * Files of the hub in pieces: a node asks for one piece after the other on `pull`, in its own time, and the hub answers
 * each on `piece`. Nothing is kept on the hub of who has what, so either side may go at any time.
 */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import { pieceBytesMax, pieceSumBytes } from "../limits.ts";
import { count, decodeDocument, type DocumentFault, documentVersion } from "./schema.ts";

const v = z.literal(documentVersion);

/** `content`: by its digest. `metadata`, `file`: of the trust repository, by their names there. */
export const pulledKinds = ["content", "metadata", "file"] as const;
export type PulledKind = (typeof pulledKinds)[number];

const fileNameMax = 512;

const pull = z.object({
  v,
  /** Numbers the questions of one life of a node. */
  id: count,
  file: z.object({ kind: z.enum(pulledKinds), name: z.string().check(z.maxLength(fileNameMax)) }),
  at: count,
  bytes: z.int().check(z.positive(), z.maximum(pieceBytesMax)),
});
export type Pull = Omit<z.infer<typeof pull>, "v">;

const bytesOf = (max: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= max);

const piece = z.union([
  z.object({
    v,
    kind: z.literal("bytes"),
    id: count,
    at: count,
    /** How many the whole file has. */
    total: count,
    data: bytesOf(pieceBytesMax),
    /** The first bytes of the SHA-256 of `data`. */
    sum: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === pieceSumBytes),
  }),
  /** `missing`: there is no such file. `busy`: ask again later. */
  z.object({ v, kind: z.enum(["missing", "busy"]), id: count }),
]);
type Wire = z.infer<typeof piece>;
export type Piece =
  | Omit<Extract<Wire, { kind: "bytes" }>, "v">
  | { readonly kind: "missing" | "busy"; readonly id: number };

export const encodePull = (asked: Pull): Uint8Array =>
  encodeCbor({ v: documentVersion, ...asked, at: wireInteger(asked.at) });

export function decodePull(bytes: Uint8Array): Result<Pull, DocumentFault> {
  const decoded = decodeDocument(bytes, pull);
  if (!decoded.ok) return decoded;
  const { v: _v, ...asked } = decoded.value;
  return { ok: true, value: asked };
}

export function encodePiece(answer: Piece): Uint8Array {
  if (answer.kind !== "bytes") return encodeCbor({ v: documentVersion, ...answer });
  const { at, total } = answer;
  return encodeCbor({ v: documentVersion, ...answer, at: wireInteger(at), total: wireInteger(total) });
}

export function decodePiece(bytes: Uint8Array): Result<Piece, DocumentFault> {
  const decoded = decodeDocument(bytes, piece);
  if (!decoded.ok) return decoded;
  const { v: _v, ...answer } = decoded.value;
  return { ok: true, value: answer };
}
