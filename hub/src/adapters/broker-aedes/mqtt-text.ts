/**
 * MQTT 3.1.1 section 1.5.3: text is well-formed UTF-8 without U+0000 and without surrogates. Byte by byte, because
 * a decoder would replace what is wrong by U+FFFD, and two clients would see different names.
 */
import { isUtf8 } from "node:buffer";

export function isMqttText(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) return false;
    // Almost all is ASCII; the rest is worth a call.
    if (byte >= 128) return isUtf8(bytes.subarray(at, end)) && !bytes.subarray(at, end).includes(0);
  }
  return true;
}
