/**
 * The lowest versions and the earliest time that are still believed. It remembers when the metadata is torn or deleted,
 * so that an old repository cannot be played back then. Kept twice: a slot that is torn leaves the other.
 */
import { crc32 } from "node:zlib";
import { join } from "node:path";
import * as z from "zod/mini";
import type { Disk } from "../../ports/disk.ts";
import { mending } from "./mending.ts";

export interface Floor {
  /** Counts what was written, so that the newer slot is known. */
  readonly generation: number;
  readonly root: number;
  /** `timestamp`, `snapshot`, and the files that the snapshot names, such as `targets.json`. */
  readonly versions: Readonly<Record<string, number>>;
  /** Who may sign time and contents, as one word: when root names others, their numbers begin anew. */
  readonly online: string;
  /** In milliseconds since 1970: the hub's clock when it signed what was believed last. */
  readonly time: number;
  /** The digest of the root that all of it began with; empty: not known. */
  readonly pinned: string;
}

const nothing: Floor = { generation: 0, root: 0, versions: {}, online: "", time: 0, pinned: "" };

const slots = ["floor-0", "floor-1"] as const;

const count = z.int().check(z.nonnegative());
const schema = z.object({
  generation: count,
  root: count,
  versions: z.record(z.string(), count),
  online: z.string(),
  time: z.number().check(z.nonnegative()),
  pinned: z._default(z.string(), ""),
});

/** The newest slot that is whole. None: nothing is known, as on the first start. */
export async function loadFloor(folder: string, disk: Disk): Promise<Floor> {
  let newest = nothing;
  for (const slot of slots) {
    const bytes = await disk.read(join(folder, slot));
    const floor = bytes === undefined ? undefined : decode(bytes);
    if (floor !== undefined && floor.generation > newest.generation) newest = floor;
  }
  return newest;
}

/** Both slots, one after the other: in between the power may go, after it one may be torn. */
export async function saveFloor(folder: string, disk: Disk, floor: Floor): Promise<void> {
  for (const slot of slots) {
    const path = join(folder, slot);
    const draft = `${path}.new`;
    await disk.write(draft, encode(floor), 0);
    await disk.sync(draft);
    await disk.rename(draft, path);
    await disk.syncFolder(folder);
  }
}

/** For a node that was given another root: of what the one before vouched for nothing counts. */
export const begunWith = (pinned: string, { generation }: Floor): Floor => ({
  ...nothing,
  generation: generation + 1,
  pinned,
});

/** Nothing was signed later than now, if anybody knows what time it is: a clock that was wrong once is forgotten. */
export const noLaterThan = (latest: number, floor: Floor): Floor =>
  floor.time <= latest ? floor : { ...floor, time: latest, generation: floor.generation + 1 };

/** What is about to be believed, as far as it is known. */
export interface Seen {
  readonly root: number;
  readonly online: string;
  readonly versions: Readonly<Record<string, number>>;
  readonly issued: number;
}

/** A newer root has named others to sign time and contents, as after a fast-forward attack. TUF 5.3.11. */
export const isHandedOn = (floor: Floor, seen: Pick<Seen, "root" | "online">): boolean =>
  seen.root > floor.root && seen.online !== floor.online;

/** What of it lies under the floor, in words; nothing when all is well. */
export function underFloor(floor: Floor, seen: Seen): string | undefined {
  if (seen.root < floor.root) return `root ${seen.root} after ${floor.root}; ${mending("root")}`;
  if (isHandedOn(floor, seen)) return undefined;
  const isSnapshotSeen = seen.versions["snapshot"] !== undefined;
  for (const [name, lowest] of Object.entries(floor.versions)) {
    const version = seen.versions[name];
    if (version === undefined) {
      if (isSnapshotSeen && name.endsWith(".json")) return `${name} is not named any more; ${mending(name)}`;
    } else if (version < lowest) return `${name} ${version} after ${lowest}; ${mending(name)}`;
  }
  return undefined;
}

/** The floor with what is now believed. The same object when nothing rose. */
export function raised(floor: Floor, seen: Seen): Floor {
  const isAnew = isHandedOn(floor, seen);
  const before = isAnew ? {} : floor.versions;
  const versions: Record<string, number> = { ...before };
  for (const [role, version] of Object.entries(seen.versions))
    versions[role] = Math.max(versions[role] ?? 0, version);
  // A stolen key can sign a time far ahead. Whoever takes it away takes that back as well.
  const time = isAnew ? seen.issued : Math.max(floor.time, seen.issued);
  const next = { ...floor, root: Math.max(floor.root, seen.root), online: seen.online, versions, time };
  const isSame = JSON.stringify(next) === JSON.stringify({ ...floor, versions: before });
  return isSame && !isAnew ? floor : { ...next, generation: floor.generation + 1 };
}

const crcBytes = 4;

function encode(floor: Floor): Uint8Array {
  const body = Buffer.from(JSON.stringify(floor));
  const crc = Buffer.alloc(crcBytes);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([crc, body]);
}

function decode(bytes: Uint8Array): Floor | undefined {
  const body = bytes.subarray(crcBytes);
  const given = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length <= crcBytes || given.getUint32(0) !== crc32(body)) return undefined;
  try {
    return schema.safeParse(JSON.parse(Buffer.from(body).toString("utf8"))).data;
  } catch {
    // Its sum was right, so it was none of ours.
    return undefined;
  }
}
