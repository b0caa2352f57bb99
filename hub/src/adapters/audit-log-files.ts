/** The audit as lines of JSON, each with the digest of the one before it: a line that is changed or taken out shows. */
import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AuditEntry, AuditLog } from "../ports/audit-log.ts";
import type { Log } from "../ports/log.ts";

/** Ten thousand entries and more. Larger: it goes on in a new file, and the one before the last is evicted. */
const fileBytesMax = 4 * 1024 * 1024;
const beginning = "0".repeat(64);

export interface AuditOptions {
  readonly folder: string;
  readonly log: Log;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

export async function openAuditLog({ folder, log, now }: AuditOptions): Promise<AuditLog> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "audit.jsonl");
  let last = await lastDigest(path, log);
  let writing: Promise<unknown> = Promise.resolve();
  const append = async (entry: AuditEntry): Promise<void> => {
    if (((await stat(path).catch(() => undefined))?.size ?? 0) > fileBytesMax)
      await rename(path, `${path}.1`);
    const line = JSON.stringify({ at: new Date(now()).toISOString(), ...entry, before: last });
    await using file = await open(path, "a");
    const { size } = await file.stat();
    try {
      await file.writeFile(`${line}\n`);
      await file.sync();
    } catch (error) {
      // A disk may have had room for the half of it: the next line must not be joined to that.
      await file.truncate(size);
      throw error;
    }
    last = digestOf(line);
  };
  return {
    record(entry) {
      const done = writing.then(() => append(entry));
      writing = done.catch(() => undefined);
      return done;
    },
  };
}

const digestOf = (line: string): string => createHash("sha256").update(line).digest("hex");

/** Of the last whole line. What a power cut tore is closed by a line end, so that it is seen and nothing is joined to it. */
async function lastDigest(path: string, log: Log): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (text !== "" && !text.endsWith("\n")) {
    log.warn("the last line of the audit is torn", { file: path });
    await using file = await open(path, "a");
    await file.writeFile("\n");
    await file.sync();
  }
  const line = text.trimEnd().split("\n").at(-1) ?? "";
  return line === "" ? beginning : digestOf(line);
}
