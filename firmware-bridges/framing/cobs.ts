/**
 * Consistent overhead byte stuffing: bytes without a zero, so that a zero can end a frame. Each group begins with its
 * length; a zero stands between groups, except after one of 254 bytes.
 */
import { failed, ok, type Result } from "@interactor/shared/kernel/result";

const groupBytesMax = 254;

/** Without the zero that ends the frame. */
export function stuff(bytes: Uint8Array): Uint8Array {
  const stuffed = new Uint8Array(bytes.length + Math.floor(bytes.length / groupBytesMax) + 1);
  let end = 1;
  let head = 0;
  for (const [index, byte] of bytes.entries()) {
    if (byte !== 0) stuffed[end++] = byte;
    const isFull = end - head > groupBytesMax;
    if (byte !== 0 && !(isFull && index < bytes.length - 1)) continue;
    stuffed[head] = end - head;
    head = end++;
  }
  stuffed[head] = end - head;
  return stuffed.subarray(0, end);
}

/** `stuffed` is what stood between two zeros. */
export function unstuff(stuffed: Uint8Array): Result<Uint8Array, "torn"> {
  const bytes = new Uint8Array(stuffed.length);
  let length = 0;
  let at = 0;
  while (at < stuffed.length) {
    const head = stuffed[at] ?? 0;
    const end = at + head;
    if (head === 0 || end > stuffed.length) return failed("torn");
    const group = stuffed.subarray(at + 1, end);
    if (group.includes(0)) return failed("torn");
    bytes.set(group, length);
    length += group.length;
    if (head <= groupBytesMax && end < stuffed.length) bytes[length++] = 0;
    at = end;
  }
  return ok(bytes.subarray(0, length));
}
