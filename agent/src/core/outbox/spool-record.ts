/** A reading as it stands in a spool: [from, at, quality, flags, value], in CBOR as on the wire. */
import { micros } from "@interactor/shared/kernel/units";
import { decodeCbor, encodeCbor, wireInteger } from "@interactor/shared/wire/cbor";
import { type Entry, quality } from "@interactor/shared/wire/entry";
import { valueDepthMax } from "@interactor/shared/wire/limits";
import { isSendable } from "@interactor/shared/wire/value";

export const encodeRecord = ({ from, at, quality: how, flags, body }: Entry): Uint8Array =>
  encodeCbor([from, wireInteger(at), how, flags, body]);

/** The entry of a record; `undefined`: this is none, although its checksum is right. */
export function decodeRecord(record: Uint8Array): Entry | undefined {
  const read = decodeCbor(record);
  if (!read.ok || !Array.isArray(read.value)) return undefined;
  const [from, at, how, flags, body]: readonly unknown[] = read.value;
  if (typeof from !== "string" || !isCount(at) || !isCount(flags)) return undefined;
  const known = Object.values(quality).find((each) => each === how);
  if (known === undefined || !isSendable(body, valueDepthMax)) return undefined;
  return { at: micros(at), from, to: null, ttl: null, flags, trace: null, quality: known, body };
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
