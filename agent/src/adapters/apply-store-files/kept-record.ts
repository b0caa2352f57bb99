/** The record as bytes: a CRC-32 over the rest, how often it was written, and what is kept. */
import { crc32 } from "node:zlib";
import * as z from "zod/mini";
import { micros, millis } from "@interactor/shared/kernel/units";
import { decodeCbor, encodeCbor, wireInteger } from "@interactor/shared/wire/cbor";
import { awaitedTarget } from "@interactor/shared/wire/messages/plan";
import type { Kept } from "../../ports/apply-store.ts";

const count = z.int().check(z.nonnegative());
const content = z.object({ revision: count, digest: z.string() });
const keptContent = z.object({ ...content.shape, group: z.optional(z.string()) });
const span = z.pipe(z.number().check(z.nonnegative()), z.transform(millis));
const outcome = z.enum(["commit", "abort"]);
const round = z.object({
  id: count,
  group: z.string(),
  revision: count,
  digest: z.string(),
  tick: z.pipe(count, z.transform(micros)),
  doubt: z.optional(span),
});
const rollBackCode = z.enum([
  "WRITE_FAILED",
  "WRITE_TIMEOUT",
  "SWITCH_FAILED",
  "SWITCH_TIMEOUT",
  "PROBE_TIMEOUT",
  "UNHEALTHY",
  "START_LOOP",
  "CRASH_LOOP",
  "DAMAGED",
]);

const record = z.object({
  generation: count,
  current: z.optional(keptContent),
  previous: z.optional(keptContent),
  starts: z.optional(count),
  isWithdrawn: z.boolean(),
  broken: z.optional(z.object({ ...keptContent.shape, code: rollBackCode, reason: z.string() })),
  awaited: z.optional(awaitedTarget),
  vote: z.optional(z.object({ round, outcome: z.optional(outcome) })),
  over: z.optional(z.object({ id: count, outcome: z.enum(["commit", "abort", "gave-up"]) })),
});

const crcBytes = 4;

export function encodeRecord(kept: Kept, generation: number): Uint8Array {
  const given = Object.entries({ ...kept, generation }).filter(([, value]) => value !== undefined);
  const vote =
    kept.vote === undefined
      ? {}
      : { vote: { ...kept.vote, round: { ...kept.vote.round, tick: wireInteger(kept.vote.round.tick) } } };
  const body = encodeCbor({ ...Object.fromEntries(given), ...vote });
  const bytes = new Uint8Array(crcBytes + body.length);
  new DataView(bytes.buffer).setUint32(0, crc32(body));
  bytes.set(body, crcBytes);
  return bytes;
}

/** `undefined`: it is not whole. */
export function decodeRecord(
  bytes: Uint8Array,
): { readonly kept: Kept; readonly generation: number } | undefined {
  const body = bytes.subarray(crcBytes);
  const isWhole =
    bytes.length > crcBytes && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === crc32(body);
  const read = isWhole ? decodeCbor(body) : undefined;
  const parsed = read?.ok === true ? record.safeParse(read.value) : undefined;
  if (parsed?.success !== true) return undefined;
  const { generation, vote, current, previous, starts, broken, awaited, over, isWithdrawn } = parsed.data;
  return {
    generation,
    kept: {
      current: plainContent(current),
      previous: plainContent(previous),
      starts,
      isWithdrawn,
      broken: plainContent(broken),
      awaited,
      vote: plainVote(vote),
      over,
    },
  };
}

/** Without a field that is there and undefined. An agent of before wrote no group. */
function plainContent<Read extends { readonly group?: string | undefined }>(kept: Read | undefined) {
  if (kept === undefined) return undefined;
  const { group, ...of } = kept;
  return group === undefined ? of : { ...of, group };
}

/** Without fields that are there and undefined. */
function plainVote(vote: z.infer<typeof record>["vote"]): Kept["vote"] {
  if (vote === undefined) return undefined;
  const { doubt, ...round } = vote.round;
  return {
    round: doubt === undefined ? round : { ...round, doubt },
    ...(vote.outcome === undefined ? {} : { outcome: vote.outcome }),
  };
}
