/** Secrets from the environment of the process, from files, and from the credentials that systemd hands over. */
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import type { Secrets } from "../ports/secrets.ts";

/** A key or a token is much smaller. More: refuse. */
const secretBytesMax = 64 * 1024;

export function systemSecrets(env: NodeJS.ProcessEnv): Secrets {
  return {
    async read(source) {
      if ("env" in source) {
        const value = env[source.env];
        if (value !== undefined) return value;
        throw missing(`the environment variable ${source.env} is not set on this node`);
      }
      if ("file" in source) return readSecret(source.file);
      const folder = env["CREDENTIALS_DIRECTORY"];
      const { credential } = source;
      if (folder === undefined)
        throw missing(`there are no credentials of systemd here: LoadCredential=${credential}:… gives one`);
      if (credential.includes("/") || credential.startsWith("."))
        throw missing(`"${credential}" is no name of a credential`);
      return readSecret(join(folder, credential));
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

const missing = (words: string, cause?: unknown): Fault => new Fault("SECRET_MISSING", words, { cause });
