import { decode as decodeWithCborg } from "cborg";
import { describe, expect, test } from "vitest";
import { micros, millis } from "../../kernel/units.ts";
import { encodeCbor } from "../cbor.ts";
import type { MemberWord, RoundWord } from "./group-round.ts";
import { decodeMemberWord, decodeRoundWord, encodeMemberWord, encodeRoundWord } from "./group-words.ts";

const tick = micros(1_800_000_000_123_456);
const round = { id: 4, group: "stage", revision: 7, digest: "9f86d081", tick };

const fromHub: readonly RoundWord[] = [
  { kind: "propose", round },
  { kind: "propose", round: { ...round, doubt: millis(600_000) } },
  { kind: "commit", id: 4 },
  { kind: "abort", id: 4 },
];
const fromMember: readonly MemberWord[] = [
  { kind: "promised", id: 4, says: tick, error: millis(1.5) },
  { kind: "refused", id: 4, code: "CLOCK_UNSURE" },
  { kind: "settled", id: 4, outcome: "gave-up" },
];

describe("a word about a round", () => {
  test.each(fromHub)("of a hub is read as it was said: $kind", (word) => {
    expect(decodeRoundWord(encodeRoundWord(word))).toEqual({ ok: true, value: word });
  });

  test.each(fromMember)("of a member is read as it was said: $kind", (word) => {
    expect(decodeMemberWord(encodeMemberWord(word))).toEqual({ ok: true, value: word });
  });

  test("has its stamps as whole numbers for any other library", () => {
    const bytes = encodeRoundWord({ kind: "propose", round });

    expect(decodeWithCborg(bytes)).toEqual({ v: 1, kind: "propose", round });
    expect(Buffer.from(bytes).includes(0x1b)).toBe(true);
  });

  test.each<readonly [string, unknown]>([
    ["without a number", { v: 1, kind: "commit" }],
    ["with a number that is none", { v: 1, kind: "abort", id: -1 }],
    ["of a kind that nobody knows", { v: 1, kind: "perhaps", id: 4 }],
    ["with an error that would move its tick", { v: 1, kind: "promised", id: 4, says: 5, error: -1 }],
  ])("is refused: one %s", (_what, document) => {
    expect(decodeRoundWord(encodeCbor(document))).toEqual({ ok: false, error: "wrong-shape" });
    expect(decodeMemberWord(encodeCbor(document))).toEqual({ ok: false, error: "wrong-shape" });
  });

  test("of a newer version is told from one that is wrong", () => {
    expect(decodeRoundWord(encodeCbor({ v: 2, kind: "commit", id: 4 }))).toEqual({
      ok: false,
      error: "unknown-version",
    });
  });
});
