/** `interactor trust rotate`: hands trust on to other keys. */
import { nextRoot, renewedTargets, rootKeys, withOnline } from "../signing/ceremony.ts";
import { readRoot, readTargets, signersOf } from "../signing/documents.ts";
import { keyFrom, type SigningKey } from "../signing/signing-key.ts";
import type { HubOptions } from "./hub-client.ts";
import { type TrustClient, trustClient } from "./trust-client.ts";
import { type KeyOptions, keysIn, makeKeyFile, passphraseOf } from "./trust-keys.ts";
import { targetsKey } from "./trust-publishers.ts";

export interface RotateOptions extends HubOptions, KeyOptions {
  readonly into?: string;
  readonly json?: boolean;
}

export async function runTrustRotate(
  role: "root" | "targets" | "online",
  options: RotateOptions,
): Promise<void> {
  const client = await trustClient(options);
  const keys = keysIn(options);
  const rotated = { root: rotateRoot, targets: rotateTargets, online: rotateOnline };
  const version = await rotated[role](client, keys, options);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ rotated: role, root: version })}\n`
      : `root ${version} names the new keys of ${role}; nodes follow by themselves\n`,
  );
}

type Keys = ReadonlyMap<string, SigningKey>;

async function lastRoot(client: TrustClient, keys: Keys) {
  const before = readRoot(await client.document("root")).signed;
  const old = signersOf(before, "root").keys.flatMap(({ keyID }) => keys.get(keyID) ?? []);
  return { before, old };
}

const place = ({ into, keys }: RotateOptions): string => into ?? keys[0] ?? "trust-keys";

async function rotateRoot(client: TrustClient, keys: Keys, options: RotateOptions): Promise<number> {
  const { before, old } = await lastRoot(client, keys);
  const passphrase = passphraseOf(options);
  const fresh = Array.from({ length: rootKeys }, (_, index) =>
    makeKeyFile(place(options), `root-${index + 1}-of-${before.version + 1}`, passphrase),
  );
  const root = fresh.map(({ key }) => key);
  await client.bring("root", nextRoot({ before, by: [...old, ...fresh], root, now: Date.now() }));
  return before.version + 1;
}

async function rotateTargets(client: TrustClient, keys: Keys, options: RotateOptions): Promise<number> {
  const { before, old } = await lastRoot(client, keys);
  const targets = readTargets(await client.document("targets")).signed;
  const fresh = makeKeyFile(place(options), `targets-of-${before.version + 1}`, passphraseOf(options));
  await client.bring("root", nextRoot({ before, by: old, targets: fresh.key, now: Date.now() }));
  await client.bring("targets", renewedTargets({ before: targets, by: fresh, now: Date.now() }));
  return before.version + 1;
}

async function rotateOnline(client: TrustClient, keys: Keys): Promise<number> {
  const { before, old } = await lastRoot(client, keys);
  const targets = readTargets(await client.document("targets")).signed;
  const by = targetsKey(before, keys);
  const online = keyFrom(await client.nextOnlineKey());
  await client.bring("root", nextRoot({ before, by: old, online, now: Date.now() }));
  await client.bring("targets", withOnline({ before: targets, by, now: Date.now() }, online));
  return before.version + 1;
}
