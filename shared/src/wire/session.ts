import type { Brand } from "../kernel/brand.ts";

/** One life of a process: 8 random bytes, written as 16 hex digits. Kept over reconnects. */
export type Session = Brand<string, "Session">;

export const sessionBytes = 8;

export const isSessionField = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === sessionBytes;

/** Of every batch one is written. */
const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The session in the 8 bytes from `start` on; check their number first. */
export function sessionOf(bytes: Uint8Array, start = 0): Session {
  let text = "";
  for (let at = start; at < start + sessionBytes; at += 1) text += hexOf[bytes[at] ?? 0] ?? "";
  return text as Session;
}

export function bytesOfSession(session: Session): Uint8Array {
  const bytes = new Uint8Array(sessionBytes);
  for (let index = 0; index < sessionBytes; index++) {
    bytes[index] = Number.parseInt(session.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}
