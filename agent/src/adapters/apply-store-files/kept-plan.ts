/** What a node is to run, read beside an agent that may be running: nothing is changed, and what cannot be read is nothing. */
import { join } from "node:path";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import { decodePlan, type Plan } from "@interactor/shared/wire/messages/plan";
import type { Disk } from "../../ports/disk.ts";
import { recordFiles } from "./apply-store-files.ts";
import { systemDisk } from "./disk.ts";
import { decodeRecord } from "./kept-record.ts";

/** `folder`: that of an apply store. */
export async function keptPlan(folder: string, disk: Pick<Disk, "read"> = systemDisk): Promise<Plan> {
  const records = await Promise.all(recordFiles.map((name) => read(disk, join(folder, name))));
  const newest = records
    .flatMap((bytes) => (bytes === undefined ? [] : (decodeRecord(bytes) ?? [])))
    .toSorted((left, right) => right.generation - left.generation)[0];
  const digest = newest?.kept.current?.digest;
  const bytes = digest === undefined ? undefined : await read(disk, join(folder, "content", digest));
  const decoded = bytes === undefined ? undefined : decodePlan(bytes);
  return decoded?.ok === true ? decoded.value : emptyPlan;
}

const read = (disk: Pick<Disk, "read">, path: string): Promise<Uint8Array | undefined> =>
  disk.read(path).catch(() => undefined);
