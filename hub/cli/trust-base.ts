/** From what offline keys go on: the last root and who may publish, as far as the root that lies beside the keys says so. */
import { join } from "node:path";
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
import { remember, type Remembered, remembered } from "./trust-memory.ts";

export interface BaseOptions extends HubOptions, KeyOptions, AskOptions {}

export type Keys = ReadonlyMap<string, SigningKey>;

export interface TrustBase {
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
  const root = await rootOf(client, own, remembered(options.keys, "targets"));
  const targets = await targetsOf(client, root, options.keys);
  const before = readRoot(own).signed;
  const signed = root.document.signed;
  return {
    client,
    keys,
    root: signed,
    targets: targets.document.signed,
    rootKeys: signersOf(signed, "root").keys.flatMap(({ keyID }) => keys.get(keyID) ?? []),
    changesSince: [...rootChanges(before, signed), ...targets.since],
  };
}

async function rootOf(
  client: TrustClient,
  own: Uint8Array,
  ownTargets: Uint8Array | undefined,
): Promise<Verified<Root>> {
  const { root, targets } = await client.standing();
  const shown = root?.version ?? 0;
  const { version } = readRoot(own).signed;
  if (shown < version) {
    process.stderr.write(`the hub has root ${shown}, and root ${version} lies here: it is brought first\n`);
    // Under a root with another key of targets only what that key has signed can come into force.
    const isNewer =
      ownTargets !== undefined && readTargets(ownTargets).signed.version > (targets?.version ?? 0);
    await client.bring("root", own, isNewer && isUnder(own, ownTargets) ? ownTargets : undefined);
  }
  return believed("root", () => followRoots(own, shown, client.rootOf));
}

function isUnder(root: Uint8Array, targets: Uint8Array): boolean {
  try {
    verifiedTargets(readRoot(root), targets);
    return true;
  } catch {
    // It is of another root, and told when it is asked for by itself.
    return false;
  }
}

/** The newer one: of the hub's, and of the one that was signed here last and may not have come to it. */
async function targetsOf(client: TrustClient, root: Verified<Root>, folders: readonly string[]) {
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
  if (next.root !== undefined) await base.client.bring("root", next.root, next.targets);
  else if (next.targets !== undefined) await base.client.bring("targets", next.targets);
  const folders = [...options.keys, ...(next.into === undefined ? [] : [next.into])];
  for (const what of ["root", "targets"] as const satisfies readonly Remembered[]) {
    const bytes = next[what];
    if (bytes !== undefined)
      remember(
        folders.map((folder) => join(folder, `${what}.json`)),
        bytes,
      );
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
