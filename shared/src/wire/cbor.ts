/** Plain RFC 8949 CBOR that any library reads; what we accept of it is narrower, see well-formed.ts. */
import { Encoder } from "cbor-x";
import { failed, ok, type Result } from "../kernel/result.ts";
import { cborItemsMax, payloadBytesMax } from "./limits.ts";
import { inspect, type Inspection, type Malformed } from "./well-formed.ts";

// `int64AsNumber` is missing from the package's types, so the options are named before they are passed.
const options = {
  useRecords: false,
  tagUint8Array: false,
  variableMapSize: true,
  int64AsNumber: true,
  copyBuffers: true, // a kept value must not pin the socket's whole chunk
};
const cborx = new Encoder(options);

/** The value as CBOR. */
export function encodeCbor(value: unknown): Uint8Array {
  return cborx.encode(value);
}

/** A whole number as cbor-x must be given it to write a CBOR integer: above 2^32 it writes numbers as floats. */
export const wireInteger = (value: number): number | bigint => (value > 0xffff_ffff ? BigInt(value) : value);

/** What is decoded at most: a payload of the wire, or a file of one's own, which has bounds of its own. */
export interface CborBounds {
  readonly bytesMax: number;
  readonly itemsMax: number;
  /** Left out: as deep as a payload. */
  readonly depthMax?: number;
}

const wireBounds: CborBounds = { bytesMax: payloadBytesMax, itemsMax: cborItemsMax };

/** The one item in `bytes`, or why there is none. Never throws, whatever the bytes. */
export function decodeCbor(bytes: Uint8Array, bounds: CborBounds = wireBounds): Result<unknown, CborFault> {
  const checked = checkCbor(bytes, bounds);
  return checked.ok ? readCbor(bytes, checked.value) : checked;
}

export type CborFault = Malformed | "too-large" | "not-cbor";

/** Looks over the one item in `bytes` and builds nothing; `readCbor` takes what it gives. */
export function checkCbor(
  bytes: Uint8Array,
  { bytesMax, itemsMax, depthMax }: CborBounds = wireBounds,
): Result<Inspection, CborFault> {
  if (bytes.length > bytesMax) return failed("too-large");
  const inspection = inspect(bytes, itemsMax, depthMax);
  return inspection.malformed === undefined ? ok(inspection) : failed(inspection.malformed);
}

/** The item in bytes that were looked over. */
export function readCbor(bytes: Uint8Array, { wideNegatives }: Inspection): Result<unknown, CborFault> {
  try {
    return ok(
      cborx.decode(wideNegatives.length === 0 ? plainBytes(bytes) : withFloats(bytes, wideNegatives)),
    );
  } catch {
    // Reached by nothing we know after the scan; kept because a decoder's bug must not end the hub.
    return failed("not-cbor");
  }
}

/** Without Node's Buffer around them: what is decoded holds bytes of the same kind, here as in a browser. */
const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * cbor-x 1.6 negates by `~`, which cuts integers below -2^32 to 32 bits: -5,000,000,000 became -705,032,704.
 * A float64 is as wide as a 64-bit integer and holds what a number can hold, so those are written over in a copy.
 */
function withFloats(bytes: Uint8Array, positions: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  for (const position of positions) {
    view.setFloat64(position + 1, Number(-1n - view.getBigUint64(position + 1)));
    copy[position] = 0xfb;
  }
  return copy;
}
