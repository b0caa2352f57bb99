/** `interactor module sign` and `publish`: from a bundle to a hub, with the word of who made it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandFault } from "./exit.ts";
import { buildModule } from "./module-build.ts";
import type { HubOptions } from "./hub-client.ts";
import { builtFiles, pathFor } from "./published-files.ts";
import { wordWith } from "./publisher-word.ts";
import type { AskOptions } from "./trust-ask.ts";
import { trustClient } from "./trust-client.ts";
import type { KeyOptions } from "./trust-keys.ts";

interface Options extends HubOptions, AskOptions, Pick<KeyOptions, "passphraseFile"> {
  /** The public key that he had before, if he has another one now. */
  readonly formerKey?: string;
}

interface SignOptions extends Options {
  readonly publisher: string;
  readonly key: string;
}

type PublishOptions = Options & {
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
