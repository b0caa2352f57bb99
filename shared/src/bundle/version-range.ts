/**
 * Ranges of versions as package managers read them (semver 2.0): `1.2.3`, `^1.2`, `~1.2.3`, `1.x`, `*`, `>=1.2 <2`, and
 * several of them with `||`. A version before a release serves only who names one of that release.
 */
import Range from "semver/classes/range.js";
import compare from "semver/functions/compare.js";
import { failed, ok, type Result } from "../kernel/result.ts";

export interface VersionRange {
  has(version: string): boolean;
}

/** Nothing at all is anything to the package, and a mistake to us: who means anything writes `*`. */
export function parseVersionRange(text: string): Result<VersionRange, "not-a-range"> {
  if (text.split("||").some((alternative) => alternative.trim() === "")) return failed("not-a-range");
  try {
    const range = new Range(text);
    return ok({ has: (version) => range.test(version) });
  } catch {
    return failed("not-a-range");
  }
}

/** Those within the range, the newest first. */
export const within = (range: VersionRange, versions: readonly string[]): readonly string[] =>
  versions.filter((version) => range.has(version)).toSorted((left, right) => compare(right, left));
