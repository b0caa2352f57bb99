/** `interactor trust key`, `add-publisher` and `revoke`: who may publish. */
import { createPublicKey } from "node:crypto";
import { type Handing, withoutPublisher, withPublisher } from "../signing/ceremony.ts";
import { newSigningKey, readPublicKey } from "../signing/signing-key.ts";
import { type BaseOptions, bringNext, needHubsKey, targetsKey, trustBase } from "./trust-base.ts";
import { type KeyOptions, passphraseOf, readText, writeNew } from "./trust-keys.ts";

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
  options: BaseOptions & { readonly key: string },
): Promise<void> {
  const key = readPublicKey(readText(options.key));
  const version = await bringTargets(options, (handing) => withPublisher(handing, name, key));
  say(options, { publisher: name, targets: version }, `${name} may publish modules/${name}/…`);
}

export async function runRevoke(name: string, options: BaseOptions): Promise<void> {
  const version = await bringTargets(options, (handing) => withoutPublisher(handing, name));
  say(
    options,
    { revoked: name, targets: version },
    `${name} may publish no more; what of it runs goes on running`,
  );
}

const say = ({ json }: BaseOptions, document: object, words: string): void =>
  void process.stdout.write(`${json === true ? JSON.stringify(document) : words}\n`);

async function bringTargets(options: BaseOptions, change: (handing: Handing) => Buffer): Promise<number> {
  const base = await trustBase(options);
  needHubsKey(base);
  const targets = change({ before: base.targets, by: targetsKey(base), now: Date.now() });
  await bringNext(base, { targets }, options);
  return base.targets.version + 1;
}
