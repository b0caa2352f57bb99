/** One file of a spool. Its name says whose records it has: `0000000012-<session>-<first number>-<born>.spool`. */
import { join } from "node:path";
import { type Session, sessionOf } from "@interactor/shared/wire/session";

export interface Segment {
  /** Counts the files of a folder: the order of its records. */
  readonly index: number;
  readonly session: Session;
  /** The number of its first record. */
  readonly first: number;
  /** When it was begun, in seconds of the spool's own clock, which runs while an agent does. */
  readonly born: number;
  readonly path: string;
  /** The number behind that of its last record. */
  end: number;
  bytes: number;
  /** Something in it could not be read: it is set aside instead of removed. */
  isDamaged: boolean;
}

const namePattern = /^(\d{10})-([0-9a-f]{16})-(\d{1,15})-(\d{1,12})\.spool$/;

export function segmentAt(folder: string, { index, session, first, born }: SegmentName): Segment {
  const name = `${String(index).padStart(10, "0")}-${session}-${first}-${born}.spool`;
  const path = join(folder, name);
  return { index, session, first, born, path, end: first, bytes: 0, isDamaged: false };
}

export type SegmentName = Pick<Segment, "index" | "session" | "first" | "born">;

/** `undefined`: no segment has such a name. */
export function readSegmentName(name: string): SegmentName | undefined {
  const [, index, session, first, born] = namePattern.exec(name) ?? [];
  if (session === undefined) return undefined;
  return {
    index: Number(index),
    session: sessionOf(Buffer.from(session, "hex")),
    first: Number(first),
    born: Number(born),
  };
}
