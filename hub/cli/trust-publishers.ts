/** `interactor trust key`, `add-publisher` and `revoke`: who may publish. */
import { createPublicKey } from "node:crypto";
import type { Root } from "@tufjs/models";
import { type Handing, withoutPublisher, withPublisher } from "../signing/ceremony.ts";
import { readRoot, readTargets, signersOf } from "../signing/documents.ts";
import { newSigningKey, readPublicKey, type SigningKey } from "../signing/signing-key.ts";
import { commandFault } from "./exit.ts";
import type { HubOptions } from "./hub-client.ts";
import { trustClient } from "./trust-client.ts";
import { type KeyOptions, keysIn, passphraseOf, readText, writeNew } from "./trust-keys.ts";

interface Options extends HubOptions, KeyOptions {
  readonly json?: boolean;
}

export function runTrustKey(name: string, options: Pick<KeyOptions, "passphraseFile">): void {
  const key = newSigningKey();
  const passphrase = passphraseOf(options);
  writeNew(`${name}.pem`, key.pem(passphrase));
  writeNew(`${name}.pub.pem`, createPublicKey(key.pem()).export({ type: "spki", format: "pem" }));
  const words = passphrase === undefined ? " It is not encrypted." : "";
  process.stdout.write(
    `${name}.pem signs, and stays with whoever publishes.${words}\n${name}.pub.pem is for: interactor trust add-publisher ${name} --key ${name}.pub.pem\n`,
  );
}

export async function runAddPublisher(
  name: string,
  options: Options & { readonly key: string },
): Promise<void> {
  const key = readPublicKey(readText(options.key));
  const version = await bringTargets(options, (handing) => withPublisher(handing, name, key));
  say(options, { publisher: name, targets: version }, `${name} may publish modules/${name}/…`);
}

export async function runRevoke(name: string, options: Options): Promise<void> {
  const version = await bringTargets(options, (handing) => withoutPublisher(handing, name));
  say(
    options,
    { revoked: name, targets: version },
    `${name} may publish no more; what of it runs goes on running`,
  );
}

const say = ({ json }: Options, document: object, words: string): void =>
  void process.stdout.write(`${json === true ? JSON.stringify(document) : words}\n`);

async function bringTargets(options: Options, change: (handing: Handing) => Buffer): Promise<number> {
  const client = await trustClient(options);
  const root = readRoot(await client.document("root")).signed;
  const before = readTargets(await client.document("targets")).signed;
  const by = targetsKey(root, keysIn(options));
  await client.bring("targets", change({ before, by, now: Date.now() }));
  return before.version + 1;
}

/** The one of the keys that may say who publishes. */
export function targetsKey(root: Root, keys: ReadonlyMap<string, SigningKey>): SigningKey {
  for (const { keyID } of signersOf(root, "targets").keys) {
    const key = keys.get(keyID);
    if (key !== undefined) return key;
  }
  throw commandFault("FAILED", "the key of targets is not here: name its folder with --keys");
}
