/** What a document says that the one before did not, a line each, for whoever is about to sign it. */
import type { Root, Targets } from "@tufjs/models";
import { assignRole, delegatedBy, signersOf } from "./documents.ts";

/** Enough to compare with what somebody reads out. */
const keyLetters = 16;
const shortKey = (id: string): string => id.slice(0, keyLetters);

export function rootChanges(before: Root, after: Root): readonly string[] {
  const roles = [
    ["root", "a root key"],
    ["targets", "the key of who may publish"],
    ["timestamp", "the hub's key"],
    ["snapshot", "the hub's key for what belongs together"],
  ] as const;
  const [hub, snapshot] = [signersOf(after, "timestamp"), signersOf(after, "snapshot")];
  const isOneKey =
    shown(hub.keys.map(({ keyID }) => keyID)) === shown(snapshot.keys.map(({ keyID }) => keyID));
  return roles.flatMap(([role, words]) => {
    // It is one key for both, unless somebody meddled.
    if (role === "snapshot" && isOneKey) return [];
    const [old, next] = [signersOf(before, role), signersOf(after, role)];
    const changes = lines(
      new Map(old.keys.map(({ keyID }) => [shortKey(keyID), ""])),
      new Map(next.keys.map(({ keyID }) => [shortKey(keyID), ""])),
      (key) => `${words} ${key}`,
    );
    if (old.threshold === next.threshold) return changes;
    return [...changes, `~ ${next.threshold} instead of ${old.threshold} sign as ${role}`];
  });
}

/** Publishers, with their keys and what they may speak of. */
export const publisherChanges = (before: Targets, after: Targets): readonly string[] =>
  lines(publishers(before), publishers(after), (name, said) =>
    name === assignRole ? `the hub assigns, ${said}` : `publisher ${name}, ${said}`,
  );

const publishers = (targets: Targets): ReadonlyMap<string, string> =>
  new Map(
    delegatedBy(targets).map(({ name, key, paths }) => [
      name,
      `key ${shortKey(key.keyID)}, ${paths.join(" ")}`,
    ]),
  );

/** Files, with their digests. */
export const fileChanges = (before: Targets | undefined, after: Targets): readonly string[] =>
  lines(files(before), files(after), (path, digest) => `${path}, ${shortKey(digest)}`);

const files = (targets: Targets | undefined): ReadonlyMap<string, string> =>
  new Map(Object.values(targets?.targets ?? {}).map(({ path, hashes }) => [path, hashes["sha256"] ?? ""]));

const shown = (ids: readonly string[]): string => ids.toSorted().join();

type Said = ReadonlyMap<string, string>;

function lines(before: Said, after: Said, words: (name: string, said: string) => string): readonly string[] {
  const gone = [...before]
    .filter(([name]) => !after.has(name))
    .map(([name, said]) => `- ${words(name, said)}`);
  const come = [...after]
    .filter(([name]) => !before.has(name))
    .map(([name, said]) => `+ ${words(name, said)}`);
  const other = [...after]
    .filter(([name, said]) => before.has(name) && before.get(name) !== said)
    .map(([name, said]) => `~ ${words(name, said)} (was ${before.get(name)})`);
  return [...gone, ...other, ...come];
}
