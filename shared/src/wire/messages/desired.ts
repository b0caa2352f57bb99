/** What a node shall run. In this version the compiled routes themselves; later a revision's number and digest. */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { millis } from "../../kernel/units.ts";
import { encodeCbor } from "../cbor.ts";
import { durationMax, expressionLengthMax, nodesMax, operatorsMax, routesMax } from "../limits.ts";
import { operator } from "./operator.ts";
import {
  count,
  decodeDocument,
  type DocumentFault,
  documentVersion,
  name,
  outputFilterText,
  shortText,
  siteAddressText,
} from "./schema.ts";

export const duration = z.pipe(z.number().check(z.gte(0), z.lte(durationMax)), z.transform(millis));
const expression = z.optional(z.string().check(z.maxLength(expressionLengthMax)));

/** How a group takes a value: all of it, each in turn, any one, or always the same one for the same key. */
export const strategies = ["broadcast", "round-robin", "random", "consistent-hash"] as const;

const group = z.object({
  nodes: z.array(name).check(z.maxLength(nodesMax)),
  strategy: z.enum(strategies),
  /** An expression; left out: the address that the value comes from. */
  key: expression,
});

/** A rule from an output to an input, checked by the hub and ready to run. */
export const compiledRoute = z.object({
  name,
  /** An output, or a filter over outputs. */
  from: outputFilterText,
  to: siteAddressText,
  when: expression,
  map: expression,
  ttl: duration,
  lane: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  throttle: z.optional(duration),
  /** What 99 of 100 values shall take to their target, at most: measured and told. */
  budget: z.optional(duration),
  /** What happens between `when` and `map`, in this order. */
  through: z.optional(z.array(operator).check(z.maxLength(operatorsMax))),
  /** The route leads to this group, whose name stands in `to` in the place of a node's. It runs on the hub. */
  group: z.optional(group),
});

const desired = z.object({
  v: z.literal(documentVersion),
  revision: count,
  /** SHA-256 over the routes as CBOR, in hex. */
  digest: shortText,
  routes: z.array(compiledRoute).check(z.maxLength(routesMax)),
});

export type RouteGroup = z.infer<typeof group>;
export type CompiledRoute = z.infer<typeof compiledRoute>;

export interface Desired {
  readonly v: 1;
  readonly revision: number;
  readonly digest: string;
  readonly routes: readonly CompiledRoute[];
}

export const encodeDesired = (document: Desired): Uint8Array => encodeCbor(document);
export const decodeDesired = (bytes: Uint8Array): Result<Desired, DocumentFault> =>
  decodeDocument(bytes, desired);
