/** Shapes shared by the documents of the wire. Unknown fields are passed over: they may come from a newer peer. */
import * as z from "zod/mini";
import { failed, ok, type Result } from "../../kernel/result.ts";
import { type CborBounds, decodeCbor } from "../cbor.ts";
import { byLengthMax, textLengthMax } from "../limits.ts";
import { isName, parsePortAddress, parseSiteAddress } from "../names.ts";
import { isOutputFilter } from "../output-filter.ts";
import { isSessionField, type Session, sessionOf } from "../session.ts";
import type { Malformed } from "../well-formed.ts";

export const name = z.string().check(z.refine(isName, "not a name"));
export const shortText = z.string().check(z.maxLength(textLengthMax));
/** Who asks, as everybody is told it. */
const shortenedBy = (by: string): string =>
  by.length <= byLengthMax ? by : `${by.slice(0, byLengthMax - 1).toWellFormed()}…`;
/** From whoever asks: a node tells it for each of thousands of inputs. */
export const byText = z.pipe(z.string(), z.transform(shortenedBy));
export const portAddressText = z
  .string()
  .check(z.refine((text) => parsePortAddress(text).ok, "not instance/port"));
export const siteAddressText = z
  .string()
  .check(z.refine((text) => parseSiteAddress(text).ok, "not node/instance/port"));
export const outputFilterText = z
  .string()
  .check(z.refine(isOutputFilter, "no output, and no filter of outputs"));
export const count = z.int().check(z.nonnegative());
/** 8 bytes on the wire, 16 hex digits in memory. */
export const session = z.pipe(
  z.custom<Uint8Array>(isSessionField),
  z.transform((bytes: Uint8Array): Session => sessionOf(bytes)),
);

export type DocumentFault = Malformed | "too-large" | "not-cbor" | "unknown-version" | "wrong-shape";

export const documentVersion = 1;

/** Decodes a document `{v: 1, …}` and checks it. `bounds`: of one that is no payload, but fetched in pieces. */
export function decodeDocument<Document>(
  bytes: Uint8Array,
  schema: z.ZodMiniType<Document>,
  bounds?: CborBounds,
): Result<Document, DocumentFault> {
  const decoded = decodeCbor(bytes, bounds);
  if (!decoded.ok) return decoded;
  const version = versionOf(decoded.value);
  if (version === undefined) return failed("wrong-shape");
  if (version !== documentVersion) return failed("unknown-version");
  const parsed = schema.safeParse(decoded.value);
  return parsed.success ? ok(parsed.data) : failed("wrong-shape");
}

function versionOf(document: unknown): number | undefined {
  if (typeof document !== "object" || document === null || !("v" in document)) return undefined;
  return typeof document.v === "number" ? document.v : undefined;
}
