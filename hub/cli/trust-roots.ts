/** The roots that lie offline, as a row in which each follows from the one before: what a hub has lost is brought from it. */
import type { Metadata, Root, Targets } from "@tufjs/models";
import { Fault } from "@interactor/shared/kernel/fault";
import { invariant } from "@interactor/shared/kernel/assert";
import type { TrustStanding } from "@interactor/shared/bundle/trust-api";
import { readRoot, signersOf } from "../signing/documents.ts";
import { checkFollowing, isFollowing, type Verified, verifiedTargets } from "../signing/verified.ts";
import { commandFault } from "./exit.ts";
import type { TrustClient } from "./trust-client.ts";
import { signedBefore } from "./trust-memory.ts";

/** In order, without a hole; the one that it was made around is among them. */
export type RootRow = readonly Verified<Root>[];

/** As long as what lies there makes it, in both directions from a root that is believed. */
export function rowAround(own: Uint8Array, folders: readonly string[]): RootRow {
  const there = signedBefore(folders, "root");
  const row: Verified<Root>[] = [{ document: readRoot(own), bytes: own }];
  checkFollowing(row.map(({ document }) => document));
  for (let first = row[0]; first !== undefined;) {
    const after = first.document;
    const before = fitting(there, after.signed.version - 1, (each) => [each, after]);
    if (before !== undefined) row.unshift(before);
    first = before;
  }
  for (let last = row.at(-1); last !== undefined;) {
    const before = last.document;
    const next = fitting(there, before.signed.version + 1, (each) => [before, each]);
    if (next !== undefined) row.push(next);
    last = next;
  }
  return row;
}

/** And those before it that the hub still has: they are kept from now on. */
export async function withEarlier(
  row: RootRow,
  standing: TrustStanding,
  client: TrustClient,
): Promise<RootRow> {
  const [first] = row;
  if (first === undefined || versionOf(first) === 1 || hubsRoot(standing) === 0) return row;
  const bytes = await client.rootOf(versionOf(first) - 1).catch(() => undefined);
  const earlier = bytes === undefined ? undefined : followedBy(bytes, first);
  return earlier === undefined ? row : withEarlier([earlier, ...row], standing, client);
}

function followedBy(bytes: Uint8Array, after: Verified<Root>): Verified<Root> | undefined {
  try {
    const document = readRoot(bytes);
    return isFollowing([document, after.document]) ? { document, bytes } : undefined;
  } catch {
    // Whatever a hub has there, it is no root that leads to this one.
    return undefined;
  }
}

/** The one of this version that follows, if any does: what somebody else laid there is passed by. */
function fitting(
  there: ReadonlyMap<number, readonly Uint8Array[]>,
  version: number,
  pair: (each: Metadata<Root>) => readonly Metadata<Root>[],
): Verified<Root> | undefined {
  for (const bytes of there.get(version) ?? []) {
    const document = readRoot(bytes);
    if (isFollowing(pair(document))) return { document, bytes };
  }
  return undefined;
}

export const versionOf = ({ document }: Verified<Root>): number => document.signed.version;

/** The last root that a hub has of this site; 0: none, as on a new card, whatever it has made for trying things out. */
export const hubsRoot = ({ kind, root }: TrustStanding): number =>
  kind === "real" ? (root?.version ?? 0) : 0;

/** Those of a row that a hub lacks behind its last. Throws when a part of the way to them lies nowhere. */
export function lackedBy(row: RootRow, shown: number): RootRow {
  const lacked = row.filter((each) => versionOf(each) > shown);
  const [first] = lacked;
  if (first === undefined || versionOf(first) === shown + 1) return lacked;
  const gap =
    shown + 2 === versionOf(first) ? `root ${shown + 1}` : `roots ${shown + 1} to ${versionOf(first) - 1}`;
  throw commandFault(
    "FAILED",
    `the hub has ${shown === 0 ? "no root" : `root ${shown}`}, root ${versionOf(first)} lies here, and ${gap} nowhere: look for signed/${shown + 1}.root.json beside other copies of the keys, or ${shown + 1}.root.json in trust/repository/metadata of another copy of the hub's data, and name that folder with --keys too`,
  );
}

/** Whether the hub has one of the keys that a root names for it. It may have been restored from before it got that key. */
export async function namesHub(root: Root, { online }: TrustStanding, client: TrustClient): Promise<boolean> {
  const named = signersOf(root, "timestamp").keys.map(({ keyID }) => keyID);
  return named.includes(online.keyid) || named.includes((await client.nextOnlineKey()).keyid);
}

/** The last of who may publish that a root vouches for. */
export function newestTargets(
  root: Verified<Root>,
  folders: readonly string[],
): Verified<Targets> | undefined {
  const there = [...signedBefore(folders, "targets")].toSorted(([left], [right]) => right - left);
  for (const bytes of there.flatMap(([, documents]) => documents)) {
    try {
      return verifiedTargets(root.document, bytes);
    } catch (error) {
      // Of another root, as each is that was signed before its key was handed on.
      if (!(error instanceof Fault)) throw error;
    }
  }
  return undefined;
}

/** The same, where the hub has an older one. */
export function newerTargets(
  root: Verified<Root>,
  { kind, targets }: TrustStanding,
  folders: readonly string[],
): Uint8Array | undefined {
  const own = newestTargets(root, folders);
  const shown = kind === "real" ? (targets?.version ?? 0) : 0;
  return own !== undefined && own.document.signed.version > shown ? own.bytes : undefined;
}

export function lastOf(row: RootRow): Verified<Root> {
  const last = row.at(-1);
  invariant(last !== undefined, "a row of roots has at least the one that it was made around");
  return last;
}

export const bytesOf = (row: RootRow): readonly Uint8Array[] => row.map(({ bytes }) => bytes);

/** `root 2`, `root 2, 4`, `root 2 to 4`. */
export function numbersOf(row: RootRow): string {
  const numbers = row.map(versionOf);
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
  const isRow = numbers.length > 2 && last - first === numbers.length - 1;
  return `root ${isRow ? `${first} to ${last}` : numbers.join(", ")}`;
}
