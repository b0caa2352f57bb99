/**
 * The show stop in one file: a CRC-32 over the rest, then CBOR. A bit that has flipped in a zone's name would take a
 * latch away without anybody noticing, so what does not check out counts as unreadable.
 */
import { copyFile, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import * as z from "zod/mini";
import { Fault, messageOf } from "@interactor/shared/kernel/fault";
import { checkCbor, decodeCbor, encodeCbor } from "@interactor/shared/wire/cbor";
import type { Log } from "../ports/log.ts";
import type { StopStore } from "../ports/stop-store.ts";

const latch = z.object({ id: z.string(), by: z.string(), at: z.number() });
const zoneStop = z.object({
  latches: z.array(latch),
  released: z.array(z.string()),
  by: z.string(),
  at: z.number(),
});
const keptStop = z.object({
  zones: z.record(z.string(), zoneStop),
  members: z.record(z.string(), z.array(z.string())),
});

const crcBytes = 4;
/** The book at all its bounds takes 4.5 MB and 90,000 items. What is larger is none of ours, and is not written. */
const fileBounds = { bytesMax: 8 * 1024 * 1024, itemsMax: 200_000 } as const;

export function openStopStore(folder: string, log: Log): StopStore {
  const path = join(folder, "stop.cbor");
  return {
    async load() {
      const bytes = await readOrMissing(path);
      if (bytes === "missing") return undefined;
      const problem = bytes instanceof Uint8Array ? "it is damaged" : bytes.problem;
      const kept = bytes instanceof Uint8Array ? decoded(bytes) : undefined;
      if (kept !== undefined) return kept;
      // A copy: until its replacement is on disk, the damaged one tells the next start that there was a stop.
      const aside = `${path}.broken-${Date.now()}`;
      const isAside = await copyFile(path, aside).then(
        () => true,
        () => false,
      );
      if (!isAside) await rm(aside, { force: true }).catch(() => undefined);
      log.error("the kept show stop cannot be read", { file: isAside ? aside : path, problem });
      return "unreadable";
    },
    async save(kept) {
      const body = encodeCbor(kept);
      // What could not be read again would count as a stop of the whole site.
      if (!checkCbor(body, fileBounds).ok) {
        throw new Fault("STOP_TOO_LARGE", `${body.length} bytes are more than the file may have`);
      }
      const draft = `${path}.new`;
      await using file = await open(draft, "w");
      await file.writeFile(checked(body));
      await file.sync();
      await rename(draft, path);
      await using directory = await open(folder, "r");
      await directory.sync();
    },
  };
}

function checked(body: Uint8Array): Buffer {
  const crc = Buffer.alloc(crcBytes);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([crc, body]);
}

function decoded(bytes: Buffer): z.infer<typeof keptStop> | undefined {
  const body = bytes.subarray(crcBytes);
  if (bytes.length <= crcBytes || bytes.readUInt32BE(0) !== crc32(body)) return undefined;
  const read = decodeCbor(body, fileBounds);
  const parsed = read.ok ? keptStop.safeParse(read.value) : undefined;
  return parsed?.success === true ? parsed.data : undefined;
}

async function readOrMissing(path: string): Promise<Buffer | "missing" | { readonly problem: string }> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "missing";
    return { problem: messageOf(error) };
  }
}
