import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { decodeDesired, encodeDesired } from "@interactor/shared/wire/messages/desired";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Log } from "../ports/log.ts";
import type { RevisionStore } from "../ports/revision-store.ts";

/** Keeps the running revision in one file, replaced by temp → fsync → rename → fsync of the folder. */
export async function openRevisionStore(folder: string, log: Log): Promise<RevisionStore> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "revision.cbor");
  return {
    async load() {
      const bytes = await readOrEmpty(path);
      if (!(bytes instanceof Uint8Array)) {
        log.error("the stored revision cannot be read: routes.yaml alone decides", bytes);
        return undefined;
      }
      const decoded = decodeDesired(bytes);
      if (decoded.ok) return { ...decoded.value, number: decoded.value.revision };
      if (decoded.error === "empty") return undefined;
      const aside = `${path}.broken-${Date.now()}`;
      await rename(path, aside);
      log.error("the stored revision cannot be read and was set aside", {
        file: aside,
        reason: decoded.error,
      });
      return undefined;
    },
    async save({ number, digest, routes }) {
      const draft = `${path}.new`;
      await using file = await open(draft, "w");
      await file.writeFile(encodeDesired({ v: 1, revision: number, digest, routes }));
      await file.sync();
      await rename(draft, path);
      await using directory = await open(folder, "r");
      await directory.sync();
    },
  };
}

/** Empty when there is none; or why it cannot be read. */
async function readOrEmpty(path: string): Promise<Uint8Array | { readonly problem: string }> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return new Uint8Array();
    return { problem: messageOf(error) };
  }
}
