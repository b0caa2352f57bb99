/** What hub and members say to each other about a round, as documents of the wire: see `group-round.ts`. */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { micros, millis } from "../../kernel/units.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import type { MemberWord, RoundWord } from "./group-round.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, name, shortText } from "./schema.ts";

const v = z.literal(documentVersion);
const stamp = z.pipe(count, z.transform(micros));
const span = z.pipe(z.number().check(z.nonnegative()), z.transform(millis));

const round = z.object({
  id: count,
  group: name,
  revision: count,
  digest: shortText,
  tick: stamp,
  doubt: z.optional(span),
});

const roundWord = z.union([
  z.object({ v, kind: z.literal("propose"), round }),
  z.object({ v, kind: z.enum(["commit", "abort"]), id: count }),
]);

const refusals = [
  "NOT_PREPARED",
  "BUSY",
  "CLOCK_UNSYNCHRONISED",
  "CLOCK_UNSURE",
  "TICK_TOO_NEAR",
  "TICK_TOO_FAR",
  "DISK",
] as const;

const memberWord = z.union([
  z.object({ v, kind: z.literal("promised"), id: count, says: stamp, error: span }),
  z.object({ v, kind: z.literal("refused"), id: count, code: z.enum(refusals) }),
  z.object({ v, kind: z.literal("settled"), id: count, outcome: z.enum(["commit", "abort", "gave-up"]) }),
]);

export function encodeRoundWord(word: RoundWord): Uint8Array {
  if (word.kind !== "propose") return encodeCbor({ v: documentVersion, ...word });
  const { tick } = word.round;
  return encodeCbor({ v: documentVersion, ...word, round: { ...word.round, tick: wireInteger(tick) } });
}

export function decodeRoundWord(bytes: Uint8Array): Result<RoundWord, DocumentFault> {
  const decoded = decodeDocument(bytes, roundWord);
  if (!decoded.ok) return decoded;
  const word = decoded.value;
  if (word.kind !== "propose") return { ok: true, value: { kind: word.kind, id: word.id } };
  const { doubt, ...given } = word.round;
  return { ok: true, value: { kind: word.kind, round: doubt === undefined ? given : { ...given, doubt } } };
}

export function encodeMemberWord(word: MemberWord): Uint8Array {
  const stamped = word.kind === "promised" ? { ...word, says: wireInteger(word.says) } : word;
  return encodeCbor({ v: documentVersion, ...stamped });
}

export function decodeMemberWord(bytes: Uint8Array): Result<MemberWord, DocumentFault> {
  const decoded = decodeDocument(bytes, memberWord);
  if (!decoded.ok) return decoded;
  const { v: _v, ...word } = decoded.value;
  return { ok: true, value: word };
}
