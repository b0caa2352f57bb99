/**
 * Ranges of versions (semver 2.0 with the ranges that package managers take): `1.2.3`, `^1.2`, `~1.2.3`, `1.x`, `*`,
 * `>=1.2 <2`, and several of them with `||`. A version with a pre-release part serves only who names it exactly.
 */
import { failed, ok, type Result } from "../kernel/result.ts";

type Version = readonly [number, number, number];

/** Versions from the first on and before the second. */
interface Span {
  readonly from: Version;
  readonly before: Version | undefined;
}

export interface VersionRange {
  has(version: string): boolean;
}

const versionPattern = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(-[\w.-]+)?(\+[\w.-]+)?$/;
const partPattern = /^(\^|~|>=|<=|>|<|=)?v?(\d{1,9}|[x*])(?:\.(\d{1,9}|[x*]))?(?:\.(\d{1,9}|[x*]))?$/i;

export function parseVersionRange(text: string): Result<VersionRange, "not-a-range"> {
  const isExact = versionPattern.test(text.trim()) && text.includes("-");
  if (isExact) return ok({ has: (version) => version === text.trim() });
  const alternatives: (readonly Span[])[] = [];
  for (const alternative of text.split("||")) {
    const parts = alternative
      .trim()
      .replaceAll(/([<>=~^])\s+/g, "$1")
      .split(/\s+/);
    const spans = parts.map(spanOf);
    if (!spans.every((span) => span !== undefined)) return failed("not-a-range");
    alternatives.push(spans);
  }
  return ok({
    has(version) {
      const [, major, minor, patch, preRelease] = versionPattern.exec(version) ?? [];
      if (major === undefined || preRelease !== undefined) return false;
      const numbers: Version = [Number(major), Number(minor), Number(patch)];
      return alternatives.some((spans) => spans.every((span) => isWithin(numbers, span)));
    },
  });
}

/** The newest of `versions` within the range. */
export function newestWithin(range: VersionRange, versions: readonly string[]): string | undefined {
  return versions
    .filter((version) => range.has(version))
    .toSorted(compareVersions)
    .at(-1);
}

function compareVersions(left: string, right: string): number {
  return compare(numbersOf(left), numbersOf(right));
}

function numbersOf(version: string): Version {
  const [, major, minor, patch] = versionPattern.exec(version) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)];
}

function compare(left: Version, right: Version): number {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}

const isWithin = (version: Version, { from, before }: Span): boolean =>
  compare(version, from) >= 0 && (before === undefined || compare(version, before) < 0);

const zero: Version = [0, 0, 0];
const everything: Span = { from: zero, before: undefined };
const nothing: Span = { from: zero, before: zero };

function spanOf(part: string): Span | undefined {
  const match = partPattern.exec(part);
  if (match === null) return undefined;
  const [, operator = "", ...written] = match;
  const numbers = written.flatMap((each) => (each === undefined || /[x*]/i.test(each) ? [] : [Number(each)]));
  const isGap = written.findIndex((each) => each !== undefined && /[x*]/i.test(each));
  // `1.x.3` says nothing.
  if (isGap >= 0 && numbers.length > isGap) return undefined;
  const [major, minor = 0, patch = 0] = numbers;
  if (major === undefined) return operator === "<" || operator === ">" ? nothing : everything;
  const from: Version = [major, minor, patch];
  const after = afterAll([major, minor, patch], numbers.length);
  switch (operator) {
    case ">=":
      return { from, before: undefined };
    case ">":
      return { from: after, before: undefined };
    case "<":
      return { from: zero, before: from };
    case "<=":
      return { from: zero, before: after };
    case "~":
      return { from, before: numbers.length === 1 ? [major + 1, 0, 0] : [major, minor + 1, 0] };
    case "^":
      return { from, before: afterCompatible(from, numbers.length) };
    default:
      return { from, before: after };
  }
}

/** Past everything that begins with the `given` first numbers. */
function afterAll([major, minor, patch]: Version, given: number): Version {
  if (given === 1) return [major + 1, 0, 0];
  return given === 2 ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

/** The first number that is not 0 may not grow. */
function afterCompatible([major, minor, patch]: Version, given: number): Version {
  if (major > 0 || given === 1) return [major + 1, 0, 0];
  return minor > 0 || given === 2 ? [0, minor + 1, 0] : [0, 0, patch + 1];
}
