/** Birth and death of a node: one retained document on its `state` topic, its death left as the MQTT will. */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { decodeCbor, encodeCbor, wireInteger } from "../cbor.ts";
import { zonesPerNodeMax } from "../limits.ts";
import { bytesOfSession } from "../session.ts";
import { inputSpec, outputSpec } from "./port.ts";
import {
  count,
  decodeDocument,
  type DocumentFault,
  documentVersion,
  name,
  session,
  shortText,
} from "./schema.ts";

const instanceDeclaration = z.object({
  module: name,
  version: shortText,
  inputs: z.record(name, inputSpec),
  outputs: z.record(name, outputSpec),
});

const birth = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("birth"),
  session,
  /** Counts the connections of this session from 1, so that the death of an earlier one is known as such. */
  connection: count,
  /** The hardware that fills the node today. */
  unit: shortText,
  agentVersion: shortText,
  /** µs since 1970 by the node's clock. */
  at: count,
  instances: z.record(name, instanceDeclaration),
  /** Appended to version 1: zones the node is in, beside the one of all. */
  zones: z.optional(z.array(name).check(z.maxLength(zonesPerNodeMax))),
  /** Appended too: of the batches that come from its spool now. What an earlier life left keeps its session. */
  spool: z.optional(session),
});

const death = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("death"),
  session,
  connection: count,
  /** `lost`: the hub stopped hearing it. `stopped`: it said goodbye. */
  reason: z.enum(["lost", "stopped"]),
  /** Stopped on purpose for a while, to save power: nobody needs to look after it. */
  sleep: z.optional(
    z.object({
      /** When it means to be back: µs since 1970 by the site's clock. */
      until: z.optional(count),
      reason: z.optional(shortText),
    }),
  ),
});

export type InstanceDeclaration = z.infer<typeof instanceDeclaration>;
export type Birth = z.infer<typeof birth>;
export type Death = z.infer<typeof death>;
export type NodeStateMessage = Birth | Death;

const nodeState = z.discriminatedUnion("kind", [birth, death]);

export const encodeNodeState = (message: NodeStateMessage): Uint8Array =>
  encodeCbor({
    ...message,
    session: bytesOfSession(message.session),
    ...(message.kind === "birth" ? fieldsOf(message) : sleepOf(message)),
  });

const fieldsOf = ({ at, spool }: Birth) => ({
  at: wireInteger(at),
  ...(spool === undefined ? {} : { spool: bytesOfSession(spool) }),
});

const sleepOf = ({ sleep }: Death) =>
  sleep?.until === undefined ? {} : { sleep: { ...sleep, until: wireInteger(sleep.until) } };

export const decodeNodeState = (bytes: Uint8Array): Result<NodeStateMessage, DocumentFault> =>
  decodeDocument(bytes, nodeState);

/** Whether a message that cannot be read is a birth by its own word. One of another version is, unless it says otherwise. */
export function claimsBirth(bytes: Uint8Array, fault: DocumentFault): boolean {
  const decoded = decodeCbor(bytes);
  if (!decoded.ok || typeof decoded.value !== "object" || decoded.value === null) return false;
  const kind = "kind" in decoded.value ? decoded.value.kind : undefined;
  return kind === "birth" || (fault === "unknown-version" && kind !== "death");
}
