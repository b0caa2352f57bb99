import type { Brand } from "../kernel/brand.ts";

/** One question and its answer: 8 to 16 random bytes, written as hex digits. */
export type RequestId = Brand<string, "RequestId">;

const requestBytesMin = 8;
const requestBytesMax = 16;

export const isRequestField = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length >= requestBytesMin && value.length <= requestBytesMax;

/** The id in these bytes; check their number first. */
export function requestOf(bytes: Uint8Array): RequestId {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text as RequestId;
}

export function bytesOfRequest(request: RequestId): Uint8Array {
  const bytes = new Uint8Array(request.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(request.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

/** As it stands in a topic. */
export const isRequestText = (text: string): text is RequestId => /^(?:[0-9a-f]{2}){8,16}$/.test(text);
