/** The show stop's latch, retained on `stop/<zone>`. Not a certified safety function. */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor, wireInteger } from "../cbor.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, shortText } from "./schema.ts";

const stopLatch = z.object({
  v: z.literal(documentVersion),
  latched: z.boolean(),
  by: shortText,
  /** µs since 1970. */
  at: count,
});

export type StopLatch = z.infer<typeof stopLatch>;

export const encodeStopLatch = (latch: StopLatch): Uint8Array =>
  encodeCbor({ ...latch, at: wireInteger(latch.at) });
export const decodeStopLatch = (bytes: Uint8Array): Result<StopLatch, DocumentFault> =>
  decodeDocument(bytes, stopLatch);
