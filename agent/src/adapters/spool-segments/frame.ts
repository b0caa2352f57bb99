/**
 * How a record stands in a segment: [length u32][crc u32][number u64][record], big-endian. The CRC-32 covers the
 * session, the length, the number and the record: a file under another's name gives no wrong record either.
 */
import { crc32 } from "node:zlib";
import { bytesOfSession, type Session } from "@interactor/shared/wire/session";

export const frameHeadBytes = 16;
/** A record is one reading, and an outbox takes none of more than 80 KiB. A longer one was never written. */
export const recordBytesMax = 1024 ** 2;

export interface Frame {
  readonly seq: number;
  readonly record: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

/** What the frames of a session are sealed with. */
export const sealOf = (session: Session): number => crc32(bytesOfSession(session));

/** The frames of records numbered from `firstSeq`. */
export function encodeFrames(seal: number, firstSeq: number, records: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + frameHeadBytes + record.length, 0));
  let at = 0;
  for (const [index, record] of records.entries()) {
    bytes.writeUInt32BE(record.length, at);
    bytes.writeBigUInt64BE(BigInt(firstSeq + index), at + 8);
    bytes.set(record, at + frameHeadBytes);
    bytes.writeUInt32BE(crcOf(bytes, at, record.length, seal), at + 4);
    at += frameHeadBytes + record.length;
  }
  return bytes;
}

/** The frame at `at`. `short`: it goes on behind the end of these bytes. `wrong`: no frame of this session. */
export function readFrame(bytes: Buffer, at: number, seal: number): Frame | "short" | "wrong" {
  if (bytes.length - at < frameHeadBytes) return "short";
  const length = bytes.readUInt32BE(at);
  if (length === 0 || length > recordBytesMax) return "wrong";
  const end = at + frameHeadBytes + length;
  if (end > bytes.length) return "short";
  if (bytes.readUInt32BE(at + 4) !== crcOf(bytes, at, length, seal)) return "wrong";
  const seq = Number(bytes.readBigUInt64BE(at + 8));
  return { seq, record: bytes.subarray(at + frameHeadBytes, end), end };
}

function crcOf(bytes: Buffer, at: number, length: number, seal: number): number {
  const ofLength = crc32(bytes.subarray(at, at + 4), seal);
  return crc32(bytes.subarray(at + 8, at + frameHeadBytes + length), ofLength);
}
