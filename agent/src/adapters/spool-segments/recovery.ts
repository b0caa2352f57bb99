/**
 * What a spool finds when it is opened: the segments that earlier lives left, their torn ends cut, and up to where the
 * hub has confirmed. Nothing that lies there keeps an agent from starting.
 */
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Cursor, CursorFile } from "./cursor-file.ts";
import { readSegmentName, type Segment, segmentAt } from "./segment.ts";
import { makeFolder } from "./segment-writer.ts";
import { lastSeqBehind, SegmentReader } from "./segment-reader.ts";

export interface Recovered {
  /** Those with records that are not confirmed, the oldest first. */
  readonly segments: readonly Segment[];
  readonly cursor: Cursor;
  /** Greater than that of every segment there has been. */
  readonly nextIndex: number;
  /** What somebody should know of, in words. */
  readonly remarks: readonly string[];
}

const atStart: Cursor = { index: 0, seq: 0, ran: 0 };
/** Damaged files that are kept. One more: the oldest is removed, lest a dying card fills itself with them. */
const setAsideMax = 3;

export const cursorName = "cursor";

export async function recover(folder: string, cursorFile: CursorFile): Promise<Recovered> {
  const remarks: string[] = [];
  const tried = async <Found>(what: string, work: () => Promise<Found>): Promise<Found | undefined> => {
    try {
      return await work();
    } catch (error) {
      remarks.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const names = (await tried("the folder", () => listed(folder))) ?? [];
  const hasCursor = names.includes(cursorName);
  const read = hasCursor ? await tried("the cursor", () => cursorFile.read()) : undefined;
  if (hasCursor && read === undefined) remarks.push("the cursor is damaged: what the hub has is sent again");
  const cursor = read ?? atStart;
  const found = names
    .flatMap((name) => readSegmentName(name) ?? [])
    .toSorted((a, b) => a.index - b.index)
    .map((name) => segmentAt(folder, name));
  const segments: Segment[] = [];
  for (const [place, segment] of found.entries()) {
    const next = found[place + 1];
    const isOver = segment.index < cursor.index;
    if (!isOver) await tried(segment.path, () => measure(segment, next, remarks));
    const from = segment.index === cursor.index ? Math.max(cursor.seq, segment.first) : segment.first;
    if (segment.end > from) segments.push(segment);
    else if (!segment.isDamaged) await tried(segment.path, () => rm(segment.path, { force: true }));
    else await tried(segment.path, () => setAside(segment, folder));
  }
  const nextIndex = Math.max(cursor.index, (found.at(-1)?.index ?? -1) + 1);
  return { segments, cursor, nextIndex, remarks };
}

async function listed(folder: string): Promise<readonly string[]> {
  await makeFolder(folder);
  return readdir(folder);
}

/** Finds out what a segment holds. Only the last one of a session has to be read for that. */
async function measure(segment: Segment, next: Segment | undefined, remarks: string[]): Promise<void> {
  const about = await stat(segment.path);
  segment.bytes = about.isFile() ? about.size : 0;
  segment.isDamaged = !about.isFile();
  if (segment.isDamaged) {
    remarks.push(`${segment.path} is no file`);
    return;
  }
  if (next !== undefined && next.session === segment.session) segment.end = next.first;
  else await measureLast(segment, remarks);
}

async function measureLast(segment: Segment, remarks: string[]): Promise<void> {
  await using reader = await SegmentReader.open(segment);
  let next = "more";
  while (next === "more") {
    const part = await reader.read(0, Number.POSITIVE_INFINITY);
    segment.end = (part.records.at(-1)?.seq ?? segment.end - 1) + 1;
    next = part.next;
  }
  const { validBytes } = reader;
  if (validBytes === segment.bytes) return;
  const behind = lastSeqBehind(await readFile(segment.path), validBytes, segment);
  if (behind >= segment.end) {
    segment.isDamaged = true;
    segment.end = behind + 1;
    return;
  }
  // What was being written when the power went was never promised to anybody.
  remarks.push(
    `${segment.path} ends in ${segment.bytes - validBytes} bytes that are no record: they are cut`,
  );
  segment.bytes = validBytes;
  await using file = await open(segment.path, "r+");
  await file.truncate(validBytes);
  await file.datasync();
}

/** Renames a damaged segment, so that somebody can look at it. Returns its new path. */
export async function setAside({ path }: Pick<Segment, "path">, folder: string): Promise<string> {
  // No colons: they end a host's name for scp.
  const aside = `${path}.corrupt-${new Date().toISOString().replaceAll(":", "-")}`;
  await rename(path, aside);
  const kept = (await readdir(folder)).filter((name) => name.includes(".spool.corrupt-"));
  const byTime = kept.toSorted((a, b) =>
    (a.split(".corrupt-")[1] ?? "").localeCompare(b.split(".corrupt-")[1] ?? ""),
  );
  for (const name of byTime.slice(0, -setAsideMax))
    await rm(join(folder, name), { recursive: true, force: true });
  return aside;
}
