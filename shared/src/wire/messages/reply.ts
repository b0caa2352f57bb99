/**
 * What became of a command that asked: the node's word as the body of an upward entry with flag `result`, and the
 * hub's answer on `reply/<id>`. There is always one: done, refused or expired.
 */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor } from "../cbor.ts";
import { bytesOfRequest, isRequestField, type RequestId, requestOf } from "../request.ts";
import type { Value } from "../value.ts";
import { decodeDocument, type DocumentFault, documentVersion } from "./schema.ts";

export const outcomes = ["done", "refused", "expired"] as const;
export type Outcome = (typeof outcomes)[number];

export interface Reply {
  readonly request: RequestId;
  readonly outcome: Outcome;
  /** A word that says why, such as `wrong-type`; `replyWords` has it for people. */
  readonly reason?: string;
}

const reasonLengthMax = 40;

export const resultBody = ({ request, outcome, reason }: Reply): Value => [
  bytesOfRequest(request),
  outcomes.indexOf(outcome),
  reason ?? null,
];

export function readResultBody(body: Value): Reply | undefined {
  if (!Array.isArray(body)) return undefined;
  const [request, number, reason]: readonly unknown[] = body;
  const outcome = typeof number === "number" ? outcomes[number] : undefined;
  if (!isRequestField(request) || outcome === undefined) return undefined;
  if (reason === null) return { request: requestOf(request), outcome };
  if (typeof reason !== "string" || reason.length > reasonLengthMax) return undefined;
  return { request: requestOf(request), outcome, reason };
}

const reply = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("reply"),
  request: z.pipe(z.custom<Uint8Array>(isRequestField), z.transform(requestOf)),
  outcome: z.enum(outcomes),
  reason: z.optional(z.string().check(z.maxLength(reasonLengthMax))),
});

export type ReplyDocument = z.infer<typeof reply>;

export const encodeReply = (answer: ReplyDocument): Uint8Array =>
  encodeCbor({ ...answer, request: bytesOfRequest(answer.request) });

export const decodeReply = (bytes: Uint8Array): Result<ReplyDocument, DocumentFault> =>
  decodeDocument(bytes, reply);

const words: Readonly<Record<string, string>> = {
  "unknown-input": "there is no such input",
  "wrong-type": "the input takes another type of value",
  "wrong-command": "the node does not understand it",
  "held-by-stop": "a show stop holds it",
  "standing-still": "the node is changing over to another revision",
  "too-many-requests": "the hub has too many questions open",
  full: "too much waits for the node",
  overflow: "too much waits for the node",
  "too-large": "it is too large",
  ttl: "it came too late",
  "not-sent": "it could not be sent in time",
  "node-is-here": "the node is here: it would be known again at once",
  "unknown-node": "the hub knows no such node",
  "node-forgotten": "the node was forgotten",
  "node-restarted": "the node restarted; whether it was done before, nobody knows",
  "node-away": "the node is away",
  "no-answer": "the node did not answer in time",
};

/** Why, for people; a reason of a newer hub stands as it came. */
export const replyWords = ({ reason = "" }: { readonly reason?: string | undefined }): string =>
  Object.hasOwn(words, reason) ? (words[reason] ?? reason) : reason;
