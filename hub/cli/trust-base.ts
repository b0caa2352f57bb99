/** From what offline keys go on: the last root and who may publish, as far as the root that lies beside the keys says so. */
import type { Root, Targets } from "@tufjs/models";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { publisherChanges, rootChanges } from "../signing/changes.ts";
import { readRoot, readTargets, signersOf } from "../signing/documents.ts";
import type { SigningKey } from "../signing/signing-key.ts";
import { followRoots, type Verified, verifiedTargets } from "../signing/verified.ts";
import { commandFault } from "./exit.ts";
import type { HubOptions } from "./hub-client.ts";
import { type AskOptions, askToSign } from "./trust-ask.ts";
import { type TrustClient, trustClient } from "./trust-client.ts";
import { type KeyOptions, keysIn } from "./trust-keys.ts";
import { type Remembered, remembered, rememberForEver, rememberSigned } from "./trust-memory.ts";
import {
  bytesOf,
  hubsRoot,
  lackedBy,
  lastOf,
  namesHub,
  newerTargets,
  newestTargets,
  numbersOf,
  type RootRow,
  rowAround,
  versionOf,
  withEarlier,
} from "./trust-roots.ts";

export interface BaseOptions extends HubOptions, KeyOptions, AskOptions {}

export type Keys = ReadonlyMap<string, SigningKey>;

export interface TrustBase extends Roots {
  readonly client: TrustClient;
  readonly keys: Keys;
  readonly root: Root;
  readonly targets: Targets;
  /** Those of its keys that are here. */
  readonly rootKeys: readonly SigningKey[];
  readonly changesSince: readonly string[];
}

export async function trustBase(options: BaseOptions): Promise<TrustBase> {
  const client = await trustClient(options);
  const keys = keysIn(options);
  const own = remembered(options.keys, "root");
  if (own === undefined)
    throw commandFault(
      "NOT_FOUND",
      `there is no root.json in ${options.keys.join(", ")}: put the one there that trust init made, which nodes have as trust-root.json`,
    );
  const roots = await rootsOf(client, own, options.keys);
  const targets = await targetsOf(client, roots, options.keys);
  const before = readRoot(own).signed;
  const signed = lastOf(roots.row).document.signed;
  return {
    ...roots,
    client,
    keys,
    root: signed,
    targets: targets.document.signed,
    rootKeys: signersOf(signed, "root").keys.flatMap(({ keyID }) => keys.get(keyID) ?? []),
    changesSince: [...rootChanges(before, signed), ...targets.since],
  };
}

interface Roots {
  /** All that are known here or to the hub. It goes on from the last. */
  readonly row: RootRow;
  /** Those of them that the hub lacks and could not sign under: they come with the next one, which names its key. */
  readonly lacked: RootRow;
}

async function rootsOf(client: TrustClient, own: Uint8Array, folders: readonly string[]): Promise<Roots> {
  const standing = await client.standing();
  const shown = hubsRoot(standing);
  const here = rowAround(own, folders);
  const last = lastOf(here);
  if (shown >= versionOf(last)) {
    const later = await believed("root", () => followRoots(last.bytes, shown, client.rootOf));
    return { row: await withEarlier([...here, ...later.slice(1)], standing, client), lacked: [] };
  }
  const lacked = lackedBy(here, shown);
  const row = await withEarlier(here, standing, client);
  if (!(await namesHub(last.document.signed, standing, client))) return { row, lacked };
  const words = lacked.length === 1 ? "lies here: it is" : "lie here: they are";
  process.stderr.write(
    `the hub has ${shown === 0 ? "no root" : `root ${shown}`}, and ${numbersOf(lacked)} ${words} brought first\n`,
  );
  // Under a root with another key of targets only what that key has signed can come into force.
  await client.bring("root", last.bytes, newerTargets(last, standing, folders), bytesOf(lacked.slice(0, -1)));
  return { row, lacked: [] };
}

/** The newer one: of the hub's, and of the one that was signed here last and may not have come to it. */
async function targetsOf(client: TrustClient, { row, lacked }: Roots, folders: readonly string[]) {
  const root = lastOf(row);
  if (lacked.length > 0) return { ...ownTargets(root, folders), since: [] };
  const own = remembered(folders, "targets");
  const last = own === undefined ? undefined : readTargets(own).signed;
  const shown = await client.document("targets");
  const verified = await believed("list of who may publish", () => verifiedTargets(root.document, shown));
  const { version } = verified.document.signed;
  if (own === undefined || last === undefined) return { ...verified, since: [] };
  if (last.version <= version)
    return { ...verified, since: publisherChanges(last, verified.document.signed) };
  process.stderr.write(
    `the hub has version ${version} of who may publish, and ${last.version} was signed here: it goes on from that\n`,
  );
  return { ...(await believed("targets.json here", () => verifiedTargets(root.document, own))), since: [] };
}

/** A hub that lacks the root cannot say who may publish under it. */
function ownTargets(root: Verified<Root>, folders: readonly string[]): Verified<Targets> {
  const own = newestTargets(root, folders);
  if (own !== undefined) return own;
  throw commandFault(
    "NOT_FOUND",
    `no targets.json that root ${versionOf(root)} vouches for lies in ${folders.join(", ")}: name the folder with the last one with --keys too`,
  );
}

/** What is to be done with other keys than the hub's is for a hub that can sign under the root that it goes on from. */
export function needHubsKey({ lacked, root }: TrustBase): void {
  if (lacked.length === 0) return;
  throw commandFault(
    "FAILED",
    `root ${root.version} names another key for this hub than it has, as after a new card or an old backup: interactor trust rotate online brings ${numbersOf(lacked)} and names the key that it has`,
  );
}

async function believed<Result>(what: string, task: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof Fault) || !error.code.startsWith("TRUST_")) throw error;
    const words = `the hub's ${what} does not follow from the root.json here (${messageOf(error)}): nothing is signed; look who got at the hub`;
    throw commandFault("FAILED", words, error);
  }
}

export interface Next {
  readonly root?: Buffer;
  readonly targets?: Buffer;
  /** Where new keys were put, if anywhere. */
  readonly into?: string;
}

/** Shows what changes, asks, brings it, and keeps what was signed beside the keys. */
export async function bringNext(base: TrustBase, next: Next, options: BaseOptions): Promise<void> {
  const [root, targets] = [
    next.root === undefined ? undefined : readRoot(next.root).signed,
    next.targets === undefined ? undefined : readTargets(next.targets).signed,
  ];
  const numbers = [
    ...(root === undefined ? [] : [`root ${base.root.version} → ${root.version}`]),
    ...(targets === undefined
      ? []
      : [`who may publish, version ${base.targets.version} → ${targets.version}`]),
  ];
  const changes = [
    ...(root === undefined ? [] : rootChanges(base.root, root)),
    ...(targets === undefined ? [] : publisherChanges(base.targets, targets)),
  ];
  await askToSign({ what: numbers.join(", "), changes, since: base.changesSince }, options);
  if (next.root !== undefined) await base.client.bring("root", next.root, next.targets, bytesOf(base.lacked));
  else if (next.targets !== undefined) await base.client.bring("targets", next.targets);
  const folders = [...options.keys, ...(next.into === undefined ? [] : [next.into])];
  for (const each of bytesOf(base.row)) rememberForEver(folders, "root", each);
  for (const what of ["root", "targets"] as const satisfies readonly Remembered[]) {
    const bytes = next[what];
    if (bytes !== undefined) rememberSigned(folders, what, bytes);
  }
}

/** The one of the keys that may say who publishes. */
export function targetsKey({ root, keys }: Pick<TrustBase, "root" | "keys">): SigningKey {
  for (const { keyID } of signersOf(root, "targets").keys) {
    const key = keys.get(keyID);
    if (key !== undefined) return key;
  }
  throw commandFault("FAILED", "the key of targets is not here: name its folder with --keys");
}
