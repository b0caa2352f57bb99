import { expect, test } from "vitest";
import { nothingKept } from "../../ports/apply-store.ts";
import { decodeRecord, encodeRecord } from "./kept-record.ts";

const current = { revision: 2, digest: "2".repeat(64), group: "stage" };
const previous = { revision: 1, digest: "1".repeat(64) };
const broken = { ...current, revision: 3, code: "DAMAGED", reason: "a bad card" } as const;

test("a record is read as it was written, also the groups of what it names", () => {
  const kept = { ...nothingKept, current, previous, broken };

  expect(decodeRecord(encodeRecord(kept, 7))).toStrictEqual({ generation: 7, kept });
});

test("one that an agent wrote which knew of no groups is read without them", () => {
  const { group: _none, ...without } = current;
  const kept = { ...nothingKept, current: without, previous };

  expect(decodeRecord(encodeRecord(kept, 7))).toStrictEqual({ generation: 7, kept });
});
