/** What a publisher signs: all that he published before, and one file more. What a hub shows of it has to be his own. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Metadata, Targets } from "@tufjs/models";
import { fileChanges } from "../signing/changes.ts";
import { fileOf, filesTargets, readTargets, signed } from "../signing/documents.ts";
import { readPublicKey, readSigningKey, type SigningKey } from "../signing/signing-key.ts";
import { isSignedBy } from "../signing/verified.ts";
import { commandFault } from "./exit.ts";
import { type BuiltFiles, pathFor } from "./published-files.ts";
import { type AskOptions, askToSign } from "./trust-ask.ts";
import type { TrustClient } from "./trust-client.ts";
import { type KeyOptions, passphraseOf, readText } from "./trust-keys.ts";
import { remember } from "./trust-memory.ts";

interface WordOptions extends AskOptions, Pick<KeyOptions, "passphraseFile"> {
  readonly publisher: string;
  readonly key: string;
  readonly formerKey?: string;
}

/** His word is whole each time. What he signed last stays beside his key. */
export async function wordWith(
  built: BuiltFiles,
  client: TrustClient,
  options: WordOptions,
): Promise<Buffer> {
  const { publisher, key } = options;
  const secret = keyAt(key, passphraseOf(options));
  const memory = join(dirname(key), `${publisher}.word.json`);
  const last = existsSync(memory) ? wordAt(memory) : undefined;
  const before = await hubsWord(client, secret, options);
  const path = pathFor(publisher, built);
  const file = fileOf(path, built.bundle, { manifest: built.manifest });
  const known = before?.targets[path];
  if (known !== undefined && !known.equals(file))
    throw commandFault("VALIDATION", `${path} was published before, and is another now: raise its version`);
  const files = { ...before?.targets, [path]: file };
  const version = Math.max(before?.version ?? 0, last?.version ?? 0) + 1;
  const next = filesTargets({ version, files, now: Date.now() });
  const came = last === undefined || before === undefined ? [] : fileChanges(last, before);
  const since = came.filter((line) => !line.startsWith("-"));
  const gone = came
    .filter((line) => line.startsWith("-"))
    .map((line) => `${line}: signed here, and not on the hub`);
  await askToSign(
    {
      what: `all that ${publisher} publishes, version ${before?.version ?? 0} → ${version}`,
      changes: [...gone, ...fileChanges(before, next)],
      since,
      isUsual: since.length === 0,
    },
    options,
  );
  const document = signed(next, [secret]);
  remember([memory], document);
  return document;
}

/** Throws unless he has signed it: with his files somebody who got at the hub could mix his own. */
async function hubsWord(
  client: TrustClient,
  secret: SigningKey,
  { publisher, formerKey }: WordOptions,
): Promise<Targets | undefined> {
  const said = await client.wordOf(publisher);
  if (said === undefined) return undefined;
  const document: Metadata<Targets> = readTargets(said);
  const own = [secret.key, ...(formerKey === undefined ? [] : [readPublicKey(readText(formerKey))])];
  if (isSignedBy(own, document)) return document.signed;
  const words = `what the hub has as published by ${publisher} was not signed with this key: nothing is signed; if he had another key before, name it with --former-key, else look who got at the hub`;
  throw commandFault("FAILED", words);
}

function wordAt(file: string): Targets {
  try {
    return readTargets(readFileSync(file)).signed;
  } catch (error) {
    throw commandFault("FAILED", `${file}: ${messageOf(error)}`, error);
  }
}

function keyAt(file: string, passphrase: string | undefined): SigningKey {
  const pem = readText(file);
  try {
    return readSigningKey(pem, passphrase);
  } catch (error) {
    throw commandFault("FAILED", `${file}: ${messageOf(error)}`, error);
  }
}
