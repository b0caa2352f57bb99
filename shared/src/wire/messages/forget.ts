/** Somebody asks the hub to forget a node, on `forget/<node>`: it was taken down and will not come back. */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor } from "../cbor.ts";
import { bytesOfRequest, isRequestField, requestOf } from "../request.ts";
import { decodeDocument, type DocumentFault, documentVersion, shortText } from "./schema.ts";

const forget = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("forget"),
  /** Who asks, in words for people. */
  by: shortText,
  /** Asks for an answer on `reply/<id>`. */
  request: z.optional(z.pipe(z.custom<Uint8Array>(isRequestField), z.transform(requestOf))),
});

export type Forget = z.infer<typeof forget>;

export const encodeForget = ({ request, ...asked }: Forget): Uint8Array =>
  encodeCbor({ ...asked, ...(request === undefined ? {} : { request: bytesOfRequest(request) }) });

export const decodeForget = (bytes: Uint8Array): Result<Forget, DocumentFault> =>
  decodeDocument(bytes, forget);
