/** What someone asks of an input: a public command on `set/…`, and the same as the body of a control entry. */
import * as z from "zod/mini";
import { failed, ok, type Result } from "../../kernel/result.ts";
import { type Millis, millis } from "../../kernel/units.ts";
import { encodeCbor } from "../cbor.ts";
import { durationMax } from "../limits.ts";
import { bytesOfRequest, isRequestField, type RequestId, requestOf } from "../request.ts";
import type { Value } from "../value.ts";
import { decodeDocument, type DocumentFault, documentVersion, byText } from "./schema.ts";

export type Command =
  | {
      readonly kind: "set";
      readonly value: Value;
      /** How long the manual value holds once it is applied. */
      readonly holdFor: Millis;
      /** How long the command may be on its way; then it expires unapplied. */
      readonly ttl: Millis;
      /** Who asks, in words for people: `dashboard`, `cli:anna@desk`. */
      readonly by: string;
      /** Asks for an answer on `reply/<id>`. */
      readonly request?: RequestId;
    }
  | {
      readonly kind: "release";
      readonly ttl: Millis;
      readonly by: string;
      readonly request?: RequestId;
    };

const duration = z.number().check(z.gte(0), z.lte(durationMax));
const request = z.optional(z.pipe(z.custom<Uint8Array>(isRequestField), z.transform(requestOf)));
const commandDocument = z.discriminatedUnion("kind", [
  z.object({
    v: z.literal(documentVersion),
    kind: z.literal("set"),
    value: z.union([z.boolean(), z.number(), z.string(), z.instanceof(Uint8Array)]),
    for_ms: duration,
    ttl_ms: duration,
    by: byText,
    request,
  }),
  z.object({
    v: z.literal(documentVersion),
    kind: z.literal("release"),
    ttl_ms: duration,
    by: byText,
    request,
  }),
]);

export const encodeCommand = (command: Command): Uint8Array => encodeCbor(documentOf(command));

/** The command as the body of an entry with flag `command`. */
export const commandBody = (command: Command): Value => documentOf(command);

export function decodeCommand(bytes: Uint8Array): Result<Command, DocumentFault> {
  const document = decodeDocument(bytes, commandDocument);
  return document.ok ? ok(commandOf(document.value)) : document;
}

export function readCommandBody(body: Value): Result<Command, "wrong-shape"> {
  const parsed = commandDocument.safeParse(body);
  return parsed.success ? ok(commandOf(parsed.data)) : failed("wrong-shape");
}

function documentOf(command: Command): { readonly [key: string]: Value } {
  const common = { v: documentVersion, kind: command.kind, ttl_ms: command.ttl, by: command.by };
  const asks = command.request === undefined ? {} : { request: bytesOfRequest(command.request) };
  if (command.kind === "release") return { ...common, ...asks };
  return { ...common, value: command.value, for_ms: command.holdFor, ...asks };
}

function commandOf(document: z.infer<typeof commandDocument>): Command {
  const asks = document.request === undefined ? {} : { request: document.request };
  const common = { ttl: millis(document.ttl_ms), by: document.by, ...asks };
  if (document.kind === "release") return { kind: "release", ...common };
  return { kind: "set", value: document.value, holdFor: millis(document.for_ms), ...common };
}
