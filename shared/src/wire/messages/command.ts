/** What someone asks of an input: a public command on `set/…`, and the same as the body of a control entry. */
import * as z from "zod/mini";
import { failed, ok, type Result } from "../../kernel/result.ts";
import { type Millis, millis } from "../../kernel/units.ts";
import { encodeCbor } from "../cbor.ts";
import { durationMax } from "../limits.ts";
import type { Value } from "../value.ts";
import { decodeDocument, type DocumentFault, documentVersion, shortText } from "./schema.ts";

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
    }
  | { readonly kind: "release"; readonly ttl: Millis; readonly by: string };

const duration = z.number().check(z.gte(0), z.lte(durationMax));
const commandDocument = z.discriminatedUnion("kind", [
  z.object({
    v: z.literal(documentVersion),
    kind: z.literal("set"),
    value: z.union([z.boolean(), z.number(), z.string(), z.instanceof(Uint8Array)]),
    for_ms: duration,
    ttl_ms: duration,
    by: shortText,
  }),
  z.object({ v: z.literal(documentVersion), kind: z.literal("release"), ttl_ms: duration, by: shortText }),
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
  return command.kind === "set" ? { ...common, value: command.value, for_ms: command.holdFor } : common;
}

function commandOf(document: z.infer<typeof commandDocument>): Command {
  const ttl = millis(document.ttl_ms);
  if (document.kind === "release") return { kind: "release", ttl, by: document.by };
  return { kind: "set", value: document.value, holdFor: millis(document.for_ms), ttl, by: document.by };
}
