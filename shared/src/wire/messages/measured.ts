/** What modules of a node measure of themselves: counters and gauges, by instance, as they are now. */
import * as z from "zod/mini";
import type { Result } from "../../kernel/result.ts";
import { encodeCbor } from "../cbor.ts";
import { instancesMax } from "../limits.ts";
import { count, decodeDocument, type DocumentFault, documentVersion, name } from "./schema.ts";

/** Metrics of one instance. More: refuse. Each is a line of Prometheus' for each instance there is. */
export const metricsOfInstanceMax = 32;
/** Of a metric's name: as Prometheus takes it, and short enough for a legend. */
const metricNamePattern = /^[a-z][a-z0-9_]{0,47}$/;

export const isMetricName = (text: string): boolean => metricNamePattern.test(text);

const finite = z.number().check(z.refine(Number.isFinite, "no number"));
const metricsOf = <Each>(value: z.ZodMiniType<Each>) =>
  z
    .record(z.string().check(z.refine(isMetricName, "not a name of a metric")), value)
    .check(z.refine((all) => Object.keys(all).length <= metricsOfInstanceMax, "too many metrics"));

export const instanceMetrics = z.object({
  /** Since the instance started: they only grow. */
  counters: metricsOf(finite.check(z.nonnegative())),
  gauges: metricsOf(finite),
});
export type InstanceMetrics = z.infer<typeof instanceMetrics>;

/** Circuit breakers that are not closed: what they stand before failed again and again. */
const open = z.object({ open: count, halfOpen: count });
const breakers = z.object({
  /** Hosts that modules connect to. */
  host: open,
  /** Serial lines that they open. */
  serial: open,
});
export type Breakers = z.infer<typeof breakers>;

const measured = z.object({
  v: z.literal(documentVersion),
  kind: z.literal("measured"),
  instances: z
    .record(name, instanceMetrics)
    .check(z.refine((all) => Object.keys(all).length <= instancesMax, "too many instances")),
  /** Appended to version 1: there once one of them has opened. */
  breakers: z.optional(breakers),
});
export type Measured = z.infer<typeof measured>;

export const encodeMeasured = (document: Measured): Uint8Array => encodeCbor(document);

export const decodeMeasured = (bytes: Uint8Array): Result<Measured, DocumentFault> =>
  decodeDocument(bytes, measured);
