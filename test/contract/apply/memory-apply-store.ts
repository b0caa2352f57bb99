// What a node shall run, kept in memory: of a node whose disk is not what is looked at.

import { createHash } from "node:crypto";
import {
  type ApplyStore,
  type Kept,
  nothingKept,
  type Receipt,
} from "@interactor/agent/src/ports/apply-store.ts";
import type { HubFiles } from "@interactor/agent/src/ports/hub-files.ts";
import type { Secrets } from "@interactor/agent/src/ports/secrets.ts";
import { Fault } from "@interactor/shared/kernel/fault";

/** Of a node whose plans stand in what it is told. */
export const nothingFetched: HubFiles = {
  fetch(digest) {
    throw new Fault("NOT_THERE", `no file ${digest}`);
  },
};

export const noSecrets: Secrets = {
  read: () => Promise.reject(new Fault("SECRET_MISSING", "there are no secrets here")),
};

/** A file that comes in pieces, which nobody keeps before all of it has its digest. */
export function receiptOf(digest: string, keep: (bytes: Uint8Array) => void | Promise<void>): Receipt {
  const pieces: Uint8Array[] = [];
  return {
    get offset() {
      return pieces.reduce((sum, piece) => sum + piece.length, 0);
    },
    add: async (piece) => void pieces.push(piece),
    finish: async () => {
      const bytes = Buffer.concat(pieces);
      if (createHash("sha256").update(bytes).digest("hex") !== digest)
        throw new Fault("CONTENT_DAMAGED", `the file ${digest} does not have the bytes of its digest`);
      await keep(bytes);
    },
  };
}

export function memoryApplyStore(): ApplyStore {
  let record: Kept = nothingKept;
  const contents = new Map<string, Uint8Array>();
  const read = async (digest: string): Promise<Uint8Array> => {
    const bytes = contents.get(digest);
    if (bytes === undefined) throw new Fault("CONTENT_MISSING", `the file ${digest} is not there`);
    return bytes;
  };
  return {
    load: async () => record,
    save: async (kept) => {
      record = kept;
    },
    has: async (digest) => contents.has(digest),
    read,
    check: async (digest) => void (await read(digest)),
    pathOf: (digest) => digest,
    receive: async (digest) => receiptOf(digest, (bytes) => void contents.set(digest, bytes)),
    collect: async (wanted) => {
      const gone = [...contents.keys()].filter((digest) => !wanted.has(digest));
      for (const digest of gone) contents.delete(digest);
      return gone.length;
    },
  };
}
