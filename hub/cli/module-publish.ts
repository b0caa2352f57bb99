/** `interactor module sign` and `publish`: from a bundle to a hub, with the word of who made it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileOf, filesTargets, readTargets, signed } from "../signing/documents.ts";
import { readSigningKey } from "../signing/signing-key.ts";
import { messageOf } from "@interactor/shared/kernel/fault";
import { commandFault } from "./exit.ts";
import { buildModule } from "./module-build.ts";
import type { HubOptions } from "./hub-client.ts";
import { type BuiltFiles, builtFiles, pathFor } from "./published-files.ts";
import { type TrustClient, trustClient } from "./trust-client.ts";
import { type KeyOptions, passphraseOf, readText } from "./trust-keys.ts";

interface SignOptions extends HubOptions, Pick<KeyOptions, "passphraseFile"> {
  readonly publisher: string;
  readonly key: string;
  readonly json?: boolean;
}

type PublishOptions = Omit<SignOptions, "publisher" | "key"> & {
  readonly dev?: boolean;
  readonly publisher?: string;
  readonly key?: string;
};

export async function runModuleSign(path: string, options: SignOptions): Promise<void> {
  const built = builtFiles(path);
  const client = await trustClient(options);
  const document = await wordWith(built, client, options);
  writeFileSync(built.signedFile, document);
  const { id, version } = built.manifest;
  const words = `${id} ${version} is signed by ${options.publisher}: interactor module publish ${path} --publisher ${options.publisher}`;
  say(options, { module: id, version, publisher: options.publisher, signed: built.signedFile }, words);
}

export async function runModulePublish(path: string, options: PublishOptions): Promise<void> {
  if (options.dev === true && existsSync(join(path, "package.json"))) {
    process.stderr.write("building …\n");
    await buildModule(path);
  }
  const built = builtFiles(path);
  const client = await trustClient(options);
  const { id, version } = built.manifest;
  const { publisher, key } = options;
  if (options.dev === true) {
    await client.publishDevelopment(built.manifest, built.bundle);
    const next = `to put it on a node: npx interactor module run ${id}`;
    return say(
      options,
      { module: id, version, development: true },
      `${id} ${version} is published for DEVELOPMENT; ${next}`,
    );
  }
  if (publisher === undefined)
    throw commandFault("USAGE", "say who publishes it (--publisher NAME), or --dev to try it out unsigned");
  const word =
    key === undefined
      ? readSigned(built.signedFile)
      : await wordWith(built, client, { ...options, publisher, key });
  await client.publish({ publisher, document: word, path: pathFor(publisher, built), bytes: built.bundle });
  say(options, { module: id, version, publisher }, `${id} ${version} is published by ${publisher}`);
}

/** All that he published before, and this: his word is whole each time. */
async function wordWith(
  built: BuiltFiles,
  client: TrustClient,
  { publisher, key, ...rest }: Pick<SignOptions, "publisher" | "key" | "passphraseFile">,
): Promise<Buffer> {
  const secret = keyAt(key, passphraseOf(rest));
  const said = await client.wordOf(publisher);
  const before = said === undefined ? undefined : readTargets(said).signed;
  const path = pathFor(publisher, built);
  const file = fileOf(path, built.bundle, { manifest: built.manifest });
  const known = before?.targets[path];
  if (known !== undefined && !known.equals(file))
    throw commandFault("VALIDATION", `${path} was published before, and is another now: raise its version`);
  const files = { ...before?.targets, [path]: file };
  return signed(filesTargets({ version: (before?.version ?? 0) + 1, files, now: Date.now() }), [secret]);
}

function keyAt(file: string, passphrase: string | undefined): ReturnType<typeof readSigningKey> {
  const pem = readText(file);
  try {
    return readSigningKey(pem, passphrase);
  } catch (error) {
    throw commandFault("FAILED", `${file}: ${messageOf(error)}`, error);
  }
}

function readSigned(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const words = `${file} is missing: interactor module sign makes it, or name a --key`;
    throw commandFault("NOT_FOUND", words, error);
  }
}

const say = ({ json }: { readonly json?: boolean }, document: object, words: string): void =>
  void process.stdout.write(`${json === true ? JSON.stringify(document) : words}\n`);
