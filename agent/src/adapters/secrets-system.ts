/**
 * Secrets from the environment of the process, from files, and from the credentials that systemd hands over. The hub
 * says which, and may be in wrong hands: only what was put there to be a secret of the site is read, and no key of the
 * node, no file of the system, and no other variable.
 */
import { open, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { Secrets } from "../ports/secrets.ts";

/** A key or a token is much smaller. More: refuse. */
const secretBytesMax = 64 * 1024;

/** What a variable of the environment is called that may be read. */
const secretPrefix = "INTERACTOR_SECRET_";

/** `folder`: files are read from it alone. Links in it are the word of whoever may write there. */
export function systemSecrets(env: NodeJS.ProcessEnv, folder: string): Secrets {
  return {
    async read(source) {
      if ("env" in source) {
        if (!source.env.startsWith(secretPrefix))
          throw refused(`a variable that holds a secret is called ${secretPrefix}…, and not ${source.env}`);
        const value = env[source.env];
        if (value !== undefined) return value;
        throw missing(`the environment variable ${source.env} is not set on this node`);
      }
      if ("file" in source) {
        const path = resolve(folder, source.file);
        if (path.startsWith(folder + sep)) return readSecret(path);
        throw refused(`the file of a secret lies in ${folder} on this node, and not at ${source.file}`);
      }
      const credentials = env["CREDENTIALS_DIRECTORY"];
      const { credential } = source;
      if (credentials === undefined)
        throw missing(`there are no credentials of systemd here: LoadCredential=${credential}:… gives one`);
      if (credential.includes("/") || credential.startsWith("."))
        throw missing(`"${credential}" is no name of a credential`);
      return readSecret(join(credentials, credential));
    },
  };
}

/** The line end that an editor leaves is no part of it. */
async function readSecret(path: string): Promise<string> {
  try {
    // Whoever opens a pipe waits until somebody writes.
    if (!(await stat(path)).isFile()) throw missing(`what a secret is read from, ${path}, is no file`);
    await using file = await open(path, "r");
    const bytes = Buffer.alloc(secretBytesMax + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead <= secretBytesMax) return bytes.toString("utf8", 0, bytesRead).replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw missing(`the file of a secret cannot be read: ${messageOf(error)}`, error);
  }
  throw missing(`the file of a secret, ${path}, is larger than ${secretBytesMax} bytes`);
}

const refused = (words: string): Fault => new Fault("SECRET_REFUSED", words);
const missing = (words: string, cause?: unknown): Fault => new Fault("SECRET_MISSING", words, { cause });
