/** Offline keys as files in folders that people keep apart. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { newSigningKey, readSigningKey, type SigningKey } from "../signing/signing-key.ts";
import { commandFault } from "./exit.ts";
import { writeWhole } from "./whole-file.ts";

export interface KeyOptions {
  readonly keys: readonly string[];
  readonly passphraseFile?: string;
}

export function passphraseOf({ passphraseFile }: Pick<KeyOptions, "passphraseFile">): string | undefined {
  if (passphraseFile === undefined) return process.env["INTERACTOR_KEYS_PASSPHRASE"];
  const words = readText(passphraseFile).trim();
  if (words === "") throw commandFault("USAGE", `${passphraseFile} is empty`);
  return words;
}

/** Every key that is there, by its id. */
export function keysIn(options: KeyOptions): ReadonlyMap<string, SigningKey> {
  const passphrase = passphraseOf(options);
  const found = new Map<string, SigningKey>();
  for (const folder of options.keys) {
    for (const name of pemsIn(folder)) {
      const key = readKeyFile(join(folder, name), passphrase);
      found.set(key.key.keyID, key);
    }
  }
  return found;
}

const pemsIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith(".pem") && !name.endsWith(".pub.pem"))
    : [];

function readKeyFile(path: string, passphrase: string | undefined): SigningKey {
  try {
    return readSigningKey(readText(path), passphrase);
  } catch (error) {
    throw commandFault("FAILED", `${path}: ${messageOf(error)}`, error);
  }
}

/** The key of a file, made unless it is there: who was cut off goes on with what he has. */
export function keptKeyFile(path: string, passphrase: string | undefined): SigningKey {
  if (existsSync(path)) return readKeyFile(path, passphrase);
  const key = newSigningKey();
  writeNew(path, key.pem(passphrase));
  return key;
}

/**
 * Nothing that is there is written over: it may be the only one of its kind. It is on the disk for good before anybody goes
 * by it: a root that names keys which a cut took would hand trust on to nobody.
 */
export function writeNew(path: string, text: string | Uint8Array): void {
  if (existsSync(path)) throw commandFault("FAILED", `${path} is there already`);
  try {
    writeWhole(path, text, 0o600);
  } catch (error) {
    throw commandFault("FAILED", `${path}: ${messageOf(error)}`, error);
  }
}

export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw commandFault("FAILED", `${path} cannot be read: ${messageOf(error)}`, error);
  }
}
