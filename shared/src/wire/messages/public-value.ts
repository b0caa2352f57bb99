/** A public value as the hub publishes it on `v/<node>/<instance>/<port>`: retained, thinned. */
import { failed, ok, type Result } from "../../kernel/result.ts";
import { type Micros, micros } from "../../kernel/units.ts";
import { decodeCbor, encodeCbor } from "../cbor.ts";
import type { Quality } from "../entry.ts";
import type { Value } from "../value.ts";
import type { DocumentFault } from "./schema.ts";

const publicValueVersion = 1;

export interface PublicValue {
  /** When it was measured, by the site's clock. */
  readonly at: Micros;
  readonly quality: Quality;
  /** The entry's flags, so that a reader sees an unsynchronised clock. */
  readonly flags: number;
  readonly value: Value;
}

/** `[version, at, quality, flags, value]`: an array, for it is the dashboard's hot path. */
export const encodePublicValue = (message: PublicValue): Uint8Array =>
  encodeCbor([publicValueVersion, BigInt(message.at), message.quality, message.flags, message.value]);

export function decodePublicValue(bytes: Uint8Array): Result<PublicValue, DocumentFault> {
  const decoded = decodeCbor(bytes);
  if (!decoded.ok) return decoded;
  if (!Array.isArray(decoded.value)) return failed("wrong-shape");
  const [version, at, quality, flags, value]: readonly unknown[] = decoded.value;
  if (version !== publicValueVersion)
    return failed(typeof version === "number" ? "unknown-version" : "wrong-shape");
  if (typeof at !== "number" || !Number.isSafeInteger(at) || typeof flags !== "number")
    return failed("wrong-shape");
  if (quality !== 0 && quality !== 1 && quality !== 2) return failed("wrong-shape");
  if (value === undefined) return failed("wrong-shape");
  return ok({ at: micros(at), quality, flags, value: value as Value });
}
