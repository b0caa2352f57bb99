import { ledgerLaneOf } from "@interactor/shared/testing/builders";
import type { LedgerLane } from "@interactor/shared/wire/api";
import { expect, test } from "vitest";
import { ledgerLines } from "./ledger-view.ts";

const lane = (given: Partial<LedgerLane>) => ledgerLaneOf({ produced: 100, delivered: 100, ...given });

test("each end has its word, over all lanes, and a loss stands first", () => {
  const up = [
    lane({ losses: { "evicted conflated": 30, "expired ttl": 4 }, queued: 2 }),
    lane({ losses: { "evicted overflow": 5, "refused full": 1, "refused too-large": 3 }, unaccounted: 2 }),
  ];

  expect(ledgerLines({ node: "pi", up, down: [] })).toEqual([
    {
      way: "to the hub",
      words: "8 lost · 4 too late · 3 refused · 30 replaced by newer · 2 waiting",
      isLoss: true,
    },
  ]);
});

test("what the node itself did not do is told too", () => {
  const down = [lane({ refused_there: { "expired ttl": 2, "refused unknown-input": 1 }, missed: 1 })];

  expect(ledgerLines({ node: "pi", up: [], down })).toEqual([
    { way: "from the hub", words: "1 lost · 2 too late · 1 refused", isLoss: true },
  ]);
});

test("where all went well, and where nothing is known, there is nothing to say", () => {
  expect(ledgerLines({ node: "pi", up: [lane({})], down: [lane({})] })).toEqual([]);
  expect(ledgerLines(undefined)).toEqual([]);
});
