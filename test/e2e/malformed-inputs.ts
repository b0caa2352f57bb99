// Inputs that are wrong, each kind with the reason it must be counted under. fast-check makes the content, so that
// no two runs with different seeds send the same.

import fc from "fast-check";
import { encode } from "cborg";
import { quality } from "@interactor/shared/wire/entry";
import { lane, type Lane } from "@interactor/shared/wire/lanes";
import { batchEntriesAcceptedMax, cborDepthMax, payloadBytesMax } from "@interactor/shared/wire/limits";
import { batchOf, entryOf } from "@interactor/shared/testing/builders";
import { encodeBatch } from "@interactor/shared/wire/batch";
import { inspect } from "@interactor/shared/wire/well-formed";
import type { Session } from "@interactor/shared/wire/session";

export interface Malformed {
  readonly payload: Uint8Array;
  /** As the receiver counts it, without the kind of topic before it. */
  readonly reason: string;
}

export type MalformedInputs = fc.Arbitrary<Malformed>;

const inputs = (payload: fc.Arbitrary<Uint8Array>, reason: string): MalformedInputs =>
  payload.map((payload) => ({ payload, reason }));
const written = (content: fc.Arbitrary<unknown>, reason: string): MalformedInputs =>
  inputs(
    content.map((each) => encode(each)),
    reason,
  );

/** Names that have a meaning in JavaScript, and such that have none anywhere. */
const oddKey = fc.constantFrom(
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "",
  "v",
  "kind",
  "session",
);
const scalar = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array(),
);

/** Bytes that are no CBOR item of ours, whatever they were meant to be. */
const noCbor: MalformedInputs = fc.oneof(
  fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((payload) => ({ payload, reason: inspect(payload).malformed ?? "well-formed" }))
    .filter(({ reason }) => reason !== "well-formed"),
  inputs(fc.constant(new Uint8Array()), "empty"),
  inputs(
    fc
      .tuple(fc.constantFrom(0x9a, 0xba, 0x5a, 0x7a), fc.uint8Array({ minLength: 4, maxLength: 40 }))
      .map(([head, rest]) => Uint8Array.from([head, 0xff, ...rest.slice(1)])),
    "truncated",
  ),
  inputs(
    fc
      .tuple(fc.constantFrom(0x9b, 0xbb, 0x5b, 0x7b), fc.uint8Array({ minLength: 8, maxLength: 40 }))
      .map(([head, rest]) => Uint8Array.from([head, 0xff, ...rest.slice(1)])),
    "truncated",
  ),
  inputs(
    fc
      .integer({ min: cborDepthMax + 1, max: 2000 })
      .map((depth) => new Uint8Array(depth + 1).fill(0x81, 0, depth)),
    "too-deep",
  ),
  inputs(
    scalar.map((each) => Uint8Array.from([0xc0, ...encode(each)])),
    "tag",
  ),
  inputs(
    scalar.map((each) => Uint8Array.from([0x9f, ...encode(each), 0xff])),
    "indefinite-length",
  ),
  inputs(
    scalar.map((each) => Uint8Array.from([...encode(each), 0x00])),
    "trailing-bytes",
  ),
  inputs(
    scalar.map((each) => Uint8Array.from([0xa1, 0x01, ...encode(each)])),
    "key-not-text",
  ),
);

/** Too long to be sent by the thousand. */
export const oversized: MalformedInputs = inputs(
  // With its topic a larger one is no packet that the broker takes.
  fc.integer({ min: 1, max: 1500 }).map((more) => new Uint8Array(payloadBytesMax + more)),
  "too-large",
);
export const overfull: MalformedInputs = inputs(
  fc.constant(Uint8Array.from([0x9a, 0x00, 0x01, 0x86, 0xa1, ...new Uint8Array(100_001)])),
  "too-many-items",
);

/** Right CBOR that is no document and no batch. */
const noMessage: MalformedInputs = written(
  fc.oneof(
    scalar,
    fc.dictionary(
      oddKey.filter((key) => key !== "v"),
      scalar,
    ),
    fc.constant([]),
    fc.array(fc.string()),
  ),
  "wrong-shape",
);

/** `document` with fields taken away or of another type, and of versions to come. */
export function wrongDocuments(document: Readonly<Record<string, unknown>>): MalformedInputs {
  const keys = Object.keys(document).filter((key) => key !== "v" && key !== "extra");
  const key = fc.constantFrom(...keys);
  // No field of any document is a list of an odd map, so this is wrong wherever it stands.
  const wrongValue = fc.constantFrom<unknown>([{ "": -1 }], undefined);
  return fc.oneof(
    noCbor,
    noMessage,
    written(
      key.map((gone) => Object.fromEntries(Object.entries(document).filter(([each]) => each !== gone))),
      "wrong-shape",
    ),
    written(
      fc.tuple(key, wrongValue).map(([changed, value]) => ({ ...document, [changed]: value })),
      "wrong-shape",
    ),
    written(
      fc.constantFrom("1", null, true, [1]).map((v) => ({ ...document, v })),
      "wrong-shape",
    ),
    written(
      fc.integer({ min: 2 }).map((v) => ({ ...document, v })),
      "unknown-version",
    ),
  );
}

const field = (session: Session) => new Uint8Array(Buffer.from(session, "hex"));
const stamp = 1_800_000_000_000_000;

const noCount = fc.constantFrom<unknown>(
  -1,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  "0",
  null,
  2n ** 63n,
  -(2n ** 64n),
  [],
  true,
);

/** Batches that no reader takes, whoever it is. `session` is the sender's right one. */
export function wrongBatches(session: Session, of: Lane): MalformedInputs {
  const good: readonly unknown[] = [1, of, field(session), 0, stamp, []];
  const change = (index: number, value: fc.Arbitrary<unknown>, reason = "wrong-shape") =>
    written(
      value.map((each) => good.with(index, each)),
      reason,
    );
  return fc.oneof(
    noCbor,
    noMessage,
    change(0, fc.integer({ min: 2 }), "unknown-version"),
    change(0, fc.constantFrom<unknown>("1", null, 1.5)),
    change(1, fc.integer({ min: 4 })),
    change(1, fc.constantFrom(...([0, 1, 2, 3] as const).filter((each) => each !== of)), "wrong-lane"),
    change(2, fc.oneof(fc.uint8Array({ maxLength: 7 }), fc.string())),
    change(3, noCount),
    change(4, noCount),
    change(5, fc.constantFrom<unknown>(null, {}, "entries", 7)),
    change(
      5,
      fc
        .integer({ min: 1, max: 500 })
        .map((more) => Array.from({ length: batchEntriesAcceptedMax + more }, () => 0)),
      "too-many-entries",
    ),
  );
}

/** Batches of two entries, by their first number, of which the second is none. An agent takes neither, a hub the first. */
export function halfWrongBatches(session: Session, of: Lane): fc.Arbitrary<(seq: number) => Malformed> {
  const goodEntry: readonly unknown[] = [0, "sim/distance", null, null, 0, null, 0, 1];
  const batch = (wrong: fc.Arbitrary<unknown>) =>
    wrong.map((each) => (seq: number) => ({
      payload: encode([1, of, field(session), seq, stamp, [goodEntry, each]]),
      reason: "wrong-shape",
    }));
  const changeEntry = (index: number, value: fc.Arbitrary<unknown>) =>
    batch(value.map((each) => goodEntry.with(index, each)));
  return fc.oneof(
    batch(scalar),
    changeEntry(0, noCount),
    changeEntry(1, fc.constantFrom<unknown>(null, 5, "x".repeat(500), [])),
    changeEntry(2, fc.constantFrom<unknown>(5, "x".repeat(500), {})),
    changeEntry(3, fc.constantFrom<unknown>(-1, Number.NaN, Number.POSITIVE_INFINITY, 1e12, "5s")),
    changeEntry(4, noCount),
    changeEntry(5, fc.uint8Array({ maxLength: 25 })),
    changeEntry(6, fc.constantFrom<unknown>(3, -1, null, "good")),
    changeEntry(7, fc.constantFrom<unknown>(undefined, [undefined], { a: undefined })),
    batch(
      fc
        .constantFrom<unknown>(1, [[0], []], [[-1], [1]], [[0, 1], [1]])
        .map((body) => goodEntry.with(4, 8).with(7, body)),
    ),
  );
}

/** What a hub that expects readings of `sim/distance`, a number, refuses although it is a batch. */
export function refusedReadings(): fc.Arbitrary<{
  readonly entry: Parameters<typeof entryOf>[0];
  readonly reason: string;
}> {
  const entries = (entry: fc.Arbitrary<NonNullable<Parameters<typeof entryOf>[0]>>, reason: string) =>
    entry.map((entry) => ({ entry, reason }));
  const instance = fc.constantFrom(
    "sim/nothing",
    "constructor/distance",
    "sim/constructor",
    "sim/distance1",
    "other/distance",
  );
  const noAddress = fc.constantFrom(
    "",
    "sim",
    "sim/",
    "/distance",
    "sim/distance/x",
    "__proto__/distance",
    "sim/__proto__",
    "SIM/distance",
    "+/#",
  );
  return fc.oneof(
    entries(
      instance.map((from) => ({ from })),
      "unknown-output",
    ),
    entries(
      noAddress.map((from) => ({ from })),
      "wrong-address",
    ),
    entries(
      fc
        .constantFrom(
          Number.NaN,
          Number.POSITIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
          "1",
          true,
          null,
          [1],
          { a: 1 },
          new Uint8Array(3),
        )
        .map((body) => ({ body })),
      "wrong-type",
    ),
    entries(
      fc
        .constantFrom(1, [1, new Uint8Array(7), 1], [9, new Uint8Array(8), 1], { lane: 1 }, [
          1,
          new Uint8Array(8),
          0.5,
        ])
        .map((body) => ({ flags: 32, body })),
      "wrong-receipt",
    ),
  );
}

/** What an agent with the input `lights/front`, a number, refuses of a hub although it is a batch. */
export const refusedByInputs: fc.Arbitrary<{
  readonly entry: Parameters<typeof entryOf>[0];
  readonly reason: string;
}> = fc.oneof(
  fc
    .constantFrom(
      "lights/nothing",
      "constructor/front",
      "lights/constructor",
      "lights",
      "",
      "a/b/c",
      "__proto__/front",
    )
    .map((to) => ({
      entry: { to },
      reason: "unknown-input",
    })),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, "1", true, [1], { a: 1 }).map((body) => ({
    entry: { to: "lights/front", body },
    reason: "wrong-type",
  })),
  fc.constant({ entry: { to: null }, reason: "no-target" }),
  fc.constant({ entry: { to: "lights/front", ttl: 0 as never }, reason: "expired" }),
  fc
    .constantFrom(
      1,
      null,
      { v: 1, kind: "set" },
      { v: 2, kind: "release", ttl_ms: 1, by: "x" },
      { v: 1, kind: "explode", ttl_ms: 1, by: "x" },
      [1],
    )
    .map((body) => ({
      entry: { to: "lights/front", flags: 16, body },
      reason: "wrong-command",
    })),
);

/** One batch of one entry, as the session's `seq`th. */
export const singleBatch = (
  session: Session,
  of: Lane,
  seq: number,
  entry: Parameters<typeof entryOf>[0],
): Uint8Array =>
  encodeBatch(
    batchOf({ session, lane: of, firstSeq: seq, entries: [entryOf({ quality: quality.good, ...entry })] }),
  );

/** A reading that is right: shows that what sent the wrong ones is still listened to. */
export const goodReading = (session: Session, seq: number, body: number): Uint8Array =>
  singleBatch(session, lane.telemetry, seq, { body, at: (Date.now() * 1000) as never });

/** How often each reason stands in `sent`. */
export function tally(reasons: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
