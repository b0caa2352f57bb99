import type { Brand } from "./brand.ts";

/** A span of time in milliseconds; may be fractional, never negative. */
export type Millis = Brand<number, "Millis">;
/** A point on a process's monotonic clock, in milliseconds since an arbitrary start. */
export type Instant = Brand<number, "Instant">;
/** A point on the site's clock: whole microseconds since 1970-01-01T00:00:00Z. */
export type Micros = Brand<number, "Micros">;

export const millis = (value: number): Millis => value as Millis;
export const seconds = (value: number): Millis => (value * 1000) as Millis;
export const instant = (value: number): Instant => value as Instant;
export const micros = (value: number): Micros => Math.round(value) as Micros;

/** The instant `span` after `at`. */
export const later = (at: Instant, span: Millis): Instant => (at + span) as Instant;
/** From `earlier` to `at`; negative when the order is the other way round. */
export const between = (earlier: Instant, at: Instant): number => at - earlier;

/** The sooner of two instants, of which either may be missing. */
export const earliest = (left: Instant | undefined, right: Instant | undefined): Instant | undefined =>
  left === undefined || (right !== undefined && right < left) ? right : left;
